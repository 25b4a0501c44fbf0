#include <algorithm>

#include "core/files.h"
#include "protocols/precision_validation.h"

namespace alea {
namespace {

constexpr const char* kSchema = "alea.precision_validation/1";

/// The file, key by key.
struct StoredAgreement {
  std::string statistic;
  std::optional<double> spearman;
  double overlap_lowest = 0, overlap_highest = 0;
};

struct StoredValidation {
  std::string schema = kSchema;
  Json identity, provenance;
  std::string identity_sha256, weights_sha256;
  std::uint64_t n = 0, kept = 0, non_finite = 0, lost = 0;
  int worst_pixel = 0;
  double mean_pixel = 0;
  std::vector<StoredAgreement> statistics;
  bool passes = false;
  std::vector<std::string> objections;
};

}  // namespace

template <>
struct Fields<StoredAgreement> {
  static auto table() {
    using A = StoredAgreement;
    return std::tuple{
        field("statistic", &A::statistic, "whose scores").required(),
        field("spearman", &A::spearman, "of its scores in the two precisions; null: all equal").range(-1, 1),
        field("overlap_lowest", &A::overlap_lowest, "share of the lowest that is kept in both").range(0, 1).required(),
        field("overlap_highest", &A::overlap_highest, "share of the highest that is kept in both").range(0, 1).required()};
  }
};

template <>
struct Fields<StoredValidation> {
  static auto table() {
    using V = StoredValidation;
    return std::tuple{field("schema", &V::schema, "kind and version of the file").one_of({kSchema}).required(),
                      field("identity", &V::identity, "what was validated").required(),
                      field("identity_sha256", &V::identity_sha256, "of the identity").required(),
                      field("weights_sha256", &V::weights_sha256, "empty: no weights").required(),
                      field("n", &V::n, "images compared").required(),
                      field("kept", &V::kept, "of them, in a kept set").required(),
                      field("non_finite", &V::non_finite, "images that aren't finite in float32").required(),
                      field("lost", &V::lost, "images that are finite in float32 only").required(),
                      field("worst_pixel", &V::worst_pixel, "grey levels").range(0, 255).required(),
                      field("mean_pixel", &V::mean_pixel, "mean absolute difference, grey levels").range(0, 255).required(),
                      field("statistics", &V::statistics, "one a statistic").required(),
                      field("passes", &V::passes, "the verdict").required(),
                      field("objections", &V::objections, "why it doesn't pass").required(),
                      field("provenance", &V::provenance, "the build and machine that compared").required()};
  }
};

namespace {

StoredValidation stored(const PrecisionValidation& validation) {
  const PrecisionAgreement& found = validation.found;
  StoredValidation out;
  out.identity = validation.identity;
  out.identity_sha256 = json_sha256(validation.identity);
  out.weights_sha256 = validation.weights_sha256;
  out.provenance = validation.provenance;
  out.n = found.n;
  out.kept = found.kept;
  out.non_finite = found.non_finite;
  out.lost = found.lost;
  out.worst_pixel = found.worst_pixel;
  out.mean_pixel = found.mean_pixel;
  for (const StatisticAgreement& one : found.statistics)
    out.statistics.push_back({one.statistic, one.spearman, one.overlap_lowest, one.overlap_highest});
  out.objections = objections(validation);
  out.passes = out.objections.empty();
  return out;
}

PrecisionValidation restored(const StoredValidation& stored) {
  PrecisionValidation out{stored.identity, stored.weights_sha256, {}, stored.provenance};
  out.found = {stored.n, stored.kept, stored.non_finite, stored.lost, stored.worst_pixel, stored.mean_pixel, {}};
  for (const StoredAgreement& one : stored.statistics)
    out.found.statistics.push_back({one.statistic, one.spearman, one.overlap_lowest, one.overlap_highest});
  return out;
}

std::string percent(double share) { return fmt::format("{:.2f}%", 100 * share); }

}  // namespace

Json validation_to_json(const PrecisionValidation& validation) {
  Json out = to_json(stored(validation));
  out["sha256"] = json_sha256(out);
  return out;
}

void write_validation(const std::filesystem::path& path, const PrecisionValidation& validation) {
  atomic_write(path, validation_to_json(validation).dump(2) + "\n");
}

PrecisionValidation read_validation(const std::filesystem::path& path) {
  Json json = Json::parse(read_text_file(path), nullptr, false);
  if (!json.is_object() || json.value("schema", Json()) != kSchema)
    fail(ErrorCode::data, "{}: expected a file that `alea validate --precision` wrote, with /schema \"{}\"", path.string(),
         kSchema);
  const Json sha256 = json.value("sha256", Json());
  json.erase("sha256");
  if (const std::string found = json_sha256(json); sha256 != found)
    fail(ErrorCode::data, "{}: its content has sha256 {:.12}, /sha256 says {}: it was changed since; validate again",
         path.string(), found, sha256.dump().substr(0, 13));
  ConfigErrors errors;
  const auto content = read_options<StoredValidation>(json, "", errors);
  errors.throw_if_any(path.string());
  return restored(content);
}

std::string render_validation(const PrecisionValidation& validation) {
  const PrecisionAgreement& found = validation.found;
  std::size_t width = std::string_view("statistic").size();
  for (const StatisticAgreement& one : found.statistics) width = std::max(width, one.statistic.size());
  const auto& rank_by = validation.identity.at("rank_by").get_ref<const std::string&>();
  std::string text = fmt::format("{} against float32 on {} images, {} of them kept by each side\n",
                                 validation.identity.at("precision").get_ref<const std::string&>(), found.n, found.kept);
  text += fmt::format("  {:<{}}  {:>8}  {:>11}  {:>12}\n", "statistic", width, "Spearman", "kept lowest", "kept highest");
  for (const StatisticAgreement& one : found.statistics)
    text += fmt::format("  {:<{}}  {:>8}  {:>11}  {:>12}{}\n", one.statistic, width,
                        one.spearman ? fmt::format("{:.5f}", *one.spearman) : "-", percent(one.overlap_lowest),
                        percent(one.overlap_highest), one.statistic == rank_by ? "  decides" : "");
  text += fmt::format("  pixels: worst difference {} grey levels, {:.3f} on average; finite in float32 only: {} images\n",
                      found.worst_pixel, found.mean_pixel, found.lost);
  const auto why = objections(validation);
  if (why.empty()) return text + fmt::format("Result: PASSES\n");
  text += found.n < kLeastImages && why.size() == 1 ? "Result: NOT ENOUGH\n" : "Result: FAILS\n";
  for (const std::string& one : why) text += "  - " + one + "\n";
  return text;
}

}  // namespace alea
