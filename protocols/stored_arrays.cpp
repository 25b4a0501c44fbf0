#include "protocols/stored_arrays.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "protocols/array_names.h"

namespace alea {
namespace {

std::vector<float> planted_values(const Array& features, const std::vector<std::uint32_t>& sources, const std::string& name) {
  std::vector<float> values;
  for (const std::uint32_t source : sources) {
    const auto row = feature_row(features, source);
    if (!all_finite(row))
      fail(ErrorCode::data, "{}: row {} of a finite image isn't finite; the feature network is broken", name, source);
    values.insert(values.end(), row.begin(), row.end());
  }
  return values;
}

}  // namespace

void expect_array(const Array& array, DType dtype, std::size_t rank, std::uint64_t rows, const std::string& name) {
  if (array.dtype != dtype || array.shape.size() != rank || array.shape[0] != rows)
    fail(ErrorCode::shape, "{}: expected {} with {} axes and {} rows, found {} [{}]", name, dtype_name(dtype), rank, rows,
         dtype_name(array.dtype), fmt::join(array.shape, ", "));
}

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

std::span<const float> feature_row(const Array& features, std::uint64_t i) {
  const std::size_t d = features.shape[1];
  return features.as<float>().subspan(i * d, d);
}

PlantedFeatures read_planted(const Store& store, const std::string& network, std::size_t n_strengths,
                             const std::vector<std::uint64_t>& ids, std::size_t d) {
  const std::string kind = array_names::features_kind(network);
  const Array planted = store.gather(kind, array_names::kPlantedIds);
  expect_array(planted, DType::u64, 1, planted.elements(), array_names::kPlantedIds);
  PlantedFeatures out;
  std::vector<std::uint32_t> sources;
  for (std::uint32_t j = 0; j < planted.elements(); ++j) {
    const std::uint64_t id = planted.as<std::uint64_t>()[j];
    const auto at = std::lower_bound(ids.begin(), ids.end(), id);
    if (at == ids.end() || *at != id) continue;
    out.rows.push_back(static_cast<std::uint32_t>(at - ids.begin()));
    sources.push_back(j);
  }
  for (std::size_t k = 0; k < n_strengths; ++k) {
    const std::string name = array_names::planted_features(k);
    const Array features = store.gather(kind, name);
    expect_array(features, DType::f32, 2, planted.elements(), name);
    if (features.shape[1] != d) fail(ErrorCode::shape, "{}: expected width {}, found {}", name, d, features.shape[1]);
    out.features.push_back(planted_values(features, sources, name));
  }
  return out;
}

}  // namespace alea
