#include "protocols/precision_validation.h"

#include <algorithm>

#include "core/files.h"
#include "core/share.h"

namespace alea {
namespace {

constexpr const char* kFloat32 = "float32";

const StatisticAgreement& deciding(const PrecisionValidation& validation) {
  const auto& rank_by = validation.identity.at("rank_by").get_ref<const std::string&>();
  for (const StatisticAgreement& one : validation.found.statistics)
    if (one.statistic == rank_by) return one;
  fail(ErrorCode::data, "a validation without scores of {}, by which its config ranks", rank_by);
}

/// The command that makes the validation that `resolved` lacks.
std::string command_for(const ResolvedConfig& resolved, const std::string& precision) {
  const std::string name = resolved.config.value("name", "config");
  return fmt::format(
      "make one with\n  alea validate {} --precision {} --out {}.{}.json\nand name that file under /precision_validation",
      resolved.source, precision, name, precision);
}

fs::path find_validation(const std::string& name) {
  if (fs::exists(name)) return name;
  const fs::path below = share_folder() / name;
  if (fs::exists(below)) return below;
  fail(ErrorCode::io, "/precision_validation: {}: not found, neither as given nor as {}", name, below.string());
}

std::vector<std::string> differing_keys(const Json& expected, const Json& found) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : expected.items())
    if (!found.contains(key) || found.at(key) != value) keys.push_back("/" + key);
  for (const auto& [key, value] : found.items())
    if (!expected.contains(key)) keys.push_back("/" + key);
  return keys;
}

}  // namespace

Json precision_identity(const Json& config, const std::string& precision) {
  Json identity = {{"precision", precision}};
  for (const char* key : {"protocol", "model", "sampler", "estimators", "start", "rank_by", "generate", "keep"}) {
    if (!config.contains(key))
      fail(ErrorCode::config, "{}: precisions are compared by the kept sets of filtering, and this protocol has no /{}",
           config.value("protocol", "this protocol"), key);
    identity[key] = config.at(key);
  }
  const auto generate = identity.at("generate").get<double>(), keep = identity.at("keep").get<double>();
  identity.erase("generate");
  identity.erase("keep");
  identity["keep_share"] = keep / generate;
  return identity;
}

std::vector<std::string> objections(const PrecisionValidation& validation) {
  const PrecisionAgreement& found = validation.found;
  const StatisticAgreement& one = deciding(validation);
  std::vector<std::string> out;
  if (found.n < kLeastImages) out.push_back(fmt::format("{} images are too few, {} are enough", found.n, kLeastImages));
  if (found.lost > 0) out.push_back(fmt::format("{} images are finite in float32 only", found.lost));
  if (!one.spearman)
    out.push_back(fmt::format("scores of {} are all equal", one.statistic));
  else if (*one.spearman < kLeastSpearman)
    out.push_back(fmt::format("Spearman of {} is {:.4f}, expected at least {}", one.statistic, *one.spearman, kLeastSpearman));
  for (const auto& [side, share] : {std::pair{"lowest", one.overlap_lowest}, {"highest", one.overlap_highest}})
    if (share < kLeastOverlap)
      out.push_back(fmt::format("{:.2f}% of those kept by the {} {} are kept in both, expected at least {:.0f}%", 100 * share,
                                side, one.statistic, 100 * kLeastOverlap));
  return out;
}

Json allowed_precision(const ResolvedConfig& resolved, const std::string& weights_sha256) {
  const std::string precision = resolved.config.value("precision", kFloat32);
  if (precision == kFloat32) return Json::object();
  const std::string name = resolved.config.value("precision_validation", "");
  const auto refuse = [&](const std::string& why) {
    fail(ErrorCode::config, "/precision: {} needs a validation that passes; {}; {}", precision, why,
         command_for(resolved, precision));
  };
  if (name.empty()) refuse("/precision_validation names none");
  const fs::path path = find_validation(name);
  const PrecisionValidation validation = read_validation(path);
  const auto others = differing_keys(precision_identity(resolved.config, precision), validation.identity);
  if (!others.empty()) {
    std::string keys;
    for (const std::string& key : others) keys += (keys.empty() ? "" : ", ") + key;
    refuse(fmt::format("{} is of a config with another {}", name, keys));
  }
  if (validation.weights_sha256 != weights_sha256)
    refuse(fmt::format("{} is of weights {:.12}, this model's are {:.12}", name, validation.weights_sha256, weights_sha256));
  if (const auto why = objections(validation); !why.empty()) refuse(fmt::format("{} doesn't pass: {}", name, why.front()));
  Json facts = validation_to_json(validation);
  for (const char* key : {"identity", "provenance", "schema"}) facts.erase(key);
  facts["file"] = name;
  facts["file_sha256"] = sha256_file(path);
  return facts;
}

}  // namespace alea
