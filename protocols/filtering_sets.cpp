#include "protocols/filtering_sets.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "protocols/array_names.h"
#include "protocols/filtering_measure.h"
#include "protocols/set_metrics.h"
#include "protocols/stored_arrays.h"

namespace alea {
namespace {

constexpr const char* kInception = "inception";
constexpr const char* kSelf = "self";

/// Spatial features of the images that can be used.
std::vector<float> spatial_features(const Store& store, const FilteringInput& input, std::size_t& width) {
  const Array all = store.gather(array_names::features_kind(kInception), array_names::kSpatial);
  expect_array(all, DType::f32, 2, store.n_samples(), array_names::kSpatial);
  width = all.shape[1];
  std::vector<float> out;
  for (const std::uint64_t id : input.ids) {
    const auto row = feature_row(all, id);
    if (!all_finite(row))
      fail(ErrorCode::data, "{}: that of image {} isn't finite, though its features are", array_names::kSpatial, id);
    out.insert(out.end(), row.begin(), row.end());
  }
  return out;
}

void add_spatial_rows(const Store& store, const FilteringInput& input, const FilteringOptions& options, Record& record) {
  std::size_t width = 0;
  const std::vector<float> features = spatial_features(store, input, width);
  const FeatureView view{features, input.ids.size(), width};
  const FrechetReference reference =
      options.reference == kSelf ? FrechetReference(fit_gaussian(view)) : stored_spatial_reference(options.reference);
  add_distance_rows(input, options, {MetricNames{}.of("sfid"), "spatial features"}, view, reference, record.metrics);
}

RealFeatures real_features(const Store& store, const FilteringOptions& options, Record& record) {
  const fs::path path = is_real_features_file(options.reference_images) ? reference_path(options.reference_images)
                                                                        : store.folder() / kRealFeaturesFile;
  RealFeatures real = load_real_features(path, feature_identity(options.features, record));
  record.data["reference_images"] = {
      {"images", real.images}, {"images_sha256", real.images_sha256}, {"n", real.n}, {"of", real.of}, {"sha256", real.sha256}};
  return real;
}

bool needs_real_features(const FilteringOptions& options) { return options.wants("kid") || options.wants("prdc"); }

/// Keys at their defaults, which a config from before there were any lacks.
Json used_sets(const FilteringOptions& options) {
  static const Json defaults = to_json(FilteringOptions{});
  Json out = Json::object();
  const Json now = to_json(options);
  for (const char* key : {"metrics", "second_reference", "reference_images", "reference_count", "manifold", "retained"})
    if (now.at(key) != defaults.at(key)) out[key] = now.at(key);
  return out;
}

}  // namespace

void check_sets(const FilteringOptions& options, ConfigErrors& errors) {
  if (needs_real_features(options) && options.reference_images.empty())
    errors.add("/reference_images", "kid and prdc need real images: a folder, a file or a data set's name");
  if (!needs_real_features(options) && !options.reference_images.empty())
    errors.add("/reference_images", "needed by kid and prdc alone, and /metrics names neither");
  if (options.wants("sfid") && options.features != kInception)
    errors.add("/metrics", "sfid needs spatial features, which \"features\": \"inception\" alone has");
  if (options.reference_count == 1) errors.add("/reference_count", "needs at least 2, or 0 for all");
  const auto& shares = options.retained.shares;
  const double smallest = shares.empty() ? 1 : *std::ranges::min_element(shares);
  if (const double kept = std::round(smallest * static_cast<double>(options.generate)); options.generate != 0) {
    if (kept < 2) errors.add("/retained/shares", fmt::format("{} of /generate keeps fewer than 2 images", smallest));
    if (!shares.empty() && kept < static_cast<double>(options.retained.n))
      errors.add("/retained/n", fmt::format("{} is more than the smallest share keeps, which is {}", options.retained.n, kept));
  }
  if (options.second_reference == kSelf) errors.add("/second_reference", "needs a path: only /reference may be self");
}

void add_comparable_sets(const FilteringOptions& options, Json& comparable) { comparable.update(used_sets(options)); }

void leave_out_unused_sets(const FilteringOptions& options, Json& config) {
  const Json used = used_sets(options);
  for (const char* key : {"metrics", "second_reference", "reference_images", "reference_count", "manifold", "retained"})
    if (!used.contains(key)) config.erase(key);
}

void add_set_rows(const Store& store, const FilteringInput& input, const FilteringOptions& options,
                  const FrechetReference& reference, Record& record, ArrayMap& curves) {
  if (options.wants("fid_bias")) add_bias_rows(input, options, record.metrics);
  if (needs_real_features(options)) {
    const RealFeatures real = real_features(store, options, record);
    if (options.wants("prdc")) add_manifold_rows(input, options, real, record.metrics, curves);
    if (options.wants("kid")) add_kernel_rows(input, options, real, record.metrics);
  }
  if (options.wants("sfid")) add_spatial_rows(store, input, options, record);
  if (!options.second_reference.empty()) {
    const FrechetReference second = stored_reference(options.second_reference, options.features, record, "second_reference");
    const MetricNames names{options.features == kInception ? "" : options.features, ""};
    add_distance_rows(input, options, {names.of("fid"), "second reference", ".second"}, input.view(), second, record.metrics);
  }
  if (!options.retained.shares.empty()) add_retained_curves(input, options, reference, curves);
}

std::vector<std::pair<std::string, std::string>> filtering_set_metrics() {
  std::vector<std::pair<std::string, std::string>> out;
  const auto add_kept = [&](const std::string& metric, const std::string& what, const std::string& suffix = "") {
    for (const char* rest : {".kept", ".kept.<statistic>.<side>"}) {
      out.emplace_back(metric + rest + suffix, what + " of the kept images");
      out.emplace_back("gain." + metric + rest + suffix, "how much better than random subsets that is");
    }
  };
  for (const char* metric : {"precision", "recall", "density", "coverage"}) {
    const std::string name = fmt::format("{}.<network>", metric);
    out.emplace_back(name + ".random", fmt::format("mean {} of random subsets of the kept size", metric));
    add_kept(name, metric);
  }
  out.emplace_back("kernel_distance.<network>.random", "kernel distance of random subsets; kid.random and so on with Inception");
  add_kept("kernel_distance.<network>", "kernel distance");
  out.emplace_back("fd.bias.<network>.random", "what the size of random subsets adds to their distance on average");
  add_kept("fd.bias.<network>", "what their number and spread add to the distance on average,");
  out.emplace_back("sfid.all", "Frechet distance of spatial features, with Inception alone");
  out.emplace_back("sfid.random", "mean of random subsets");
  add_kept("sfid", "Frechet distance of spatial features");
  out.emplace_back("fd.<network>.all.second", "distance of all generated images to the second reference");
  out.emplace_back("fd.<network>.random.second", "mean of random subsets");
  add_kept("fd.<network>", "distance to the second reference", ".second");
  return out;
}

}  // namespace alea
