#include "protocols/metric_catalogue.h"

#include <algorithm>

#include "core/error.h"
#include "protocols/protocol_entry.h"

namespace alea {
namespace {

/// "fid, fd.<network>"; precision and its like always name their network.
std::string pattern_of(const SetMetric& metric) {
  const std::string named = metric.other + ".<network>";
  return metric.published == metric.other ? named : metric.published + ", " + named;
}

}  // namespace

const std::vector<SetMetric>& set_metrics() {
  static const std::vector<SetMetric> metrics = {
      {"fid", "fid", "fd", "Frechet distance of two sets; fid is the published Inception network's alone"},
      {"fid", "fid.bias", "fd.bias", "what two samples of these sizes and of one law would give on average"},
      {"sfid", "sfid", "sfd", "Frechet distance of spatial features"},
      {"sfid", "sfid.bias", "sfd.bias", "what two samples of these sizes and of one law would give on average"},
      {"fid_inf", "fid.infinity", "fd.infinity", "Frechet distance extrapolated to infinitely many generated images"},
      {"kid", "kid", "kernel_distance", "unbiased squared maximum mean discrepancy, mean over subsets"},
      {"kid", "kid.all", "kernel_distance.all", "the same from all rows at once"},
      {"is", "is", "class_score", "Inception score, or that of another classifier, mean over splits"},
      {"is", "is.all", "class_score.all", "the same from all rows at once"},
      {"prdc", "precision", "precision", "share of the generated samples inside balls of real ones"},
      {"prdc", "recall", "recall", "share of the real samples inside balls of generated ones"},
      {"prdc", "density", "density", "real balls that a generated sample lies in, over k"},
      {"prdc", "coverage", "coverage", "share of the real balls that hold a generated sample"}};
  return metrics;
}

const SetMetric& set_metric(const std::string& published) {
  const auto found = std::ranges::find(set_metrics(), published, &SetMetric::published);
  ALEA_CHECK(found != set_metrics().end(), "no metric of two sets is called {}", published);
  return *found;
}

std::vector<std::string> set_metric_keys() {
  std::vector<std::string> keys;
  for (const SetMetric& metric : set_metrics())
    if (std::ranges::find(keys, metric.key) == keys.end()) keys.push_back(metric.key);
  return keys;
}

std::vector<std::pair<std::string, std::string>> list_metrics() {
  std::vector<std::pair<std::string, std::string>> out;
  for (const ProtocolEntry& protocol : protocol_entries())
    for (const auto& [pattern, summary] : protocol.metrics) out.emplace_back(pattern, protocol.name + ": " + summary);
  for (const SetMetric& metric : set_metrics()) out.emplace_back(pattern_of(metric), "alea metrics: " + metric.summary);
  return out;
}

}  // namespace alea
