#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "protocols/array_names.h"
#include "protocols/guidance_measure.h"

namespace alea {
namespace {

Array gathered(const Store& store, const std::string& kind, const std::string& name, DType dtype, std::size_t rank) {
  Array array = store.gather(kind, name);
  if (array.dtype != dtype || array.shape.size() != rank)
    fail(ErrorCode::shape, "{}: expected {} with {} axes, found {} [{}]", name, dtype_name(dtype), rank, dtype_name(array.dtype),
         fmt::join(array.shape, ", "));
  return array;
}

std::span<const float> row_of(const Array& features, std::uint64_t i) {
  const std::size_t d = features.shape[1];
  return features.as<float>().subspan(i * d, d);
}

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

void append(std::vector<float>& to, std::span<const float> row) { to.insert(to.end(), row.begin(), row.end()); }

/// Mean over the guided steps.
double mean_ratio(const Array& ratios, std::uint64_t i) {
  const std::size_t width = ratios.shape[1];
  const auto steps = ratios.as<double>().subspan(i * width, width);
  return std::accumulate(steps.begin(), steps.end(), 0.0) / static_cast<double>(width);
}

void read_planted(const Store& store, const GuidedRunOptions& options, GuidanceInput& out) {
  const std::string kind = array_names::features_kind(options.features);
  const Array ids = gathered(store, kind, array_names::kPlantedIds, DType::u64, 1);
  std::vector<std::uint64_t> sources;
  for (std::uint64_t j = 0; j < ids.elements(); ++j) {
    const auto at = std::lower_bound(out.ids.begin(), out.ids.end(), ids.as<std::uint64_t>()[j]);
    if (at == out.ids.end() || *at != ids.as<std::uint64_t>()[j]) continue;
    out.planted_rows.push_back(static_cast<std::uint32_t>(at - out.ids.begin()));
    sources.push_back(j);
  }
  for (std::size_t k = 0; k < options.planted_strengths.size(); ++k) {
    const Array features = gathered(store, kind, array_names::planted_features(k), DType::f32, 2);
    std::vector<float> values;
    for (const std::uint64_t source : sources) append(values, row_of(features, source));
    out.planted_features.push_back(std::move(values));
  }
}

}  // namespace

GuidanceInput read_guidance_input(const Store& store, const GuidedRunOptions& options) {
  const std::string kind = array_names::features_kind(options.features);
  const Array guided = gathered(store, kind, array_names::kFeatures, DType::f32, 2),
              unguided = gathered(store, kind, array_names::kUnguidedFeatures, DType::f32, 2),
              finite = gathered(store, array_names::kBlocks, array_names::kFinite, DType::u8, 1),
              finite_unguided = gathered(store, array_names::kBlocks, array_names::kUnguidedFinite, DType::u8, 1),
              ratios = gathered(store, array_names::kBlocks, array_names::scores("guidance.ratio"), DType::f64, 2);
  const std::uint64_t n = store.n_samples();
  for (const Array* array : {&guided, &unguided, &finite, &finite_unguided, &ratios})
    if (array->shape[0] != n) fail(ErrorCode::shape, "expected {} rows of every array, found {}", n, array->shape[0]);
  GuidanceInput out;
  out.d = guided.shape[1];
  for (std::uint64_t i = 0; i < n; ++i) {
    const bool usable = finite.as<std::uint8_t>()[i] != 0 && finite_unguided.as<std::uint8_t>()[i] != 0 &&
                        all_finite(row_of(guided, i)) && all_finite(row_of(unguided, i));
    if (!usable) continue;
    out.ids.push_back(i);
    append(out.guided, row_of(guided, i));
    append(out.unguided, row_of(unguided, i));
    out.ratios.push_back(mean_ratio(ratios, i));
  }
  out.non_finite = n - out.ids.size();
  read_planted(store, options, out);
  return out;
}

}  // namespace alea
