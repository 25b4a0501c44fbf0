#include "uncertainty/spread_sums.h"

#include <ATen/TensorOperators.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "core/error.h"

namespace alea {
namespace {

at::Tensor statistic_of(const std::string& name, const Spread& spread, double m) {
  if (name == "centred") return spread.centred;
  if (name == "variance_biased") return spread.variance * ((m - 1) / m);
  if (name == "variance_sum") return spread.variance * (m - 1);
  return spread.variance;
}

}  // namespace

SpreadStatistics::SpreadStatistics(std::string family, const SpreadOptions& options)
    : family_(std::move(family)), passes_(options.passes), statistics_(options.statistics), prefixes_(options.prefixes) {
  if (statistics_.empty() || std::set(statistics_.begin(), statistics_.end()).size() != statistics_.size())
    fail(ErrorCode::config, "/statistics: expected at least one, and each once, found [{}]", fmt::join(statistics_, ", "));
  const bool ascend = std::adjacent_find(prefixes_.begin(), prefixes_.end(), std::greater_equal<>()) == prefixes_.end();
  if (!ascend || (!prefixes_.empty() && prefixes_.back() >= passes_))
    fail(ErrorCode::config,
         "/prefixes: expected ascending numbers below /passes, which is {} and needs no name of its own, "
         "found [{}]",
         passes_, fmt::join(prefixes_, ", "));
}

std::vector<int> SpreadStatistics::counts() const {
  std::vector<int> out{passes_};
  out.insert(out.end(), prefixes_.begin(), prefixes_.end());
  return out;
}

std::vector<std::string> SpreadStatistics::names() const {
  std::vector<std::string> out;
  for (const int m : counts())
    for (const std::string& statistic : statistics_)
      out.push_back(fmt::format("{}.{}", family_, statistic) + (m == passes_ ? "" : fmt::format(".m{}", m)));
  return out;
}

SpreadSums::SpreadSums(const SpreadStatistics& statistics, std::int64_t n_images, const Window& window)
    : statistics_(statistics) {
  for (const std::string& name : statistics.names()) sums_.emplace_back(name, n_images, window);
}

void SpreadSums::add(int column, const at::Tensor& reference, std::span<const Prediction> answers) {
  ALEA_CHECK(static_cast<int>(answers.size()) == statistics_.passes_, "{} answers to {} passes", answers.size(),
             statistics_.passes_);
  auto sum = sums_.begin();
  for (const int m : statistics_.counts()) {
    const Spread spread = spread_about(reference, answers.first(static_cast<std::size_t>(m)));
    for (const std::string& statistic : statistics_.statistics_) (sum++)->add(column, statistic_of(statistic, spread, m));
  }
}

std::vector<UncertaintyOutput> SpreadSums::outputs() const {
  std::vector<UncertaintyOutput> out;
  for (const WindowSums& sums : sums_) out.push_back(sums.output());
  return out;
}

}  // namespace alea
