#include "protocols/array_names.h"
#include "protocols/guidance_measure.h"
#include "protocols/stored_arrays.h"

namespace alea {
namespace {

Array gathered(const Store& store, const std::string& kind, const std::string& name, DType dtype, std::size_t rank) {
  Array array = store.gather(kind, name);
  expect_array(array, dtype, rank, store.n_samples(), name);
  return array;
}

void append(std::vector<float>& to, std::span<const float> row) { to.insert(to.end(), row.begin(), row.end()); }

}  // namespace

PairedArms read_guidance_input(const Store& store, const GuidedRunOptions& options) {
  const std::string kind = array_names::features_kind(options.features);
  const Array guided = gathered(store, kind, array_names::kFeatures, DType::f32, 2),
              unguided = gathered(store, kind, array_names::kUnguidedFeatures, DType::f32, 2),
              finite = gathered(store, array_names::kBlocks, array_names::kFinite, DType::u8, 1),
              finite_unguided = gathered(store, array_names::kBlocks, array_names::kUnguidedFinite, DType::u8, 1),
              ratios = gathered(store, array_names::kBlocks, array_names::scores("guidance.ratio"), DType::f64, 2);
  const std::uint64_t n = store.n_samples();
  PairedArms out;
  out.d = guided.shape[1];
  for (std::uint64_t i = 0; i < n; ++i) {
    const bool usable = finite.as<std::uint8_t>()[i] != 0 && finite_unguided.as<std::uint8_t>()[i] != 0 &&
                        all_finite(feature_row(guided, i)) && all_finite(feature_row(unguided, i));
    if (!usable) continue;
    out.ids.push_back(i);
    append(out.guided, feature_row(guided, i));
    append(out.unguided, feature_row(unguided, i));
    out.ratios.push_back(mean_ratio(ratios, i));
  }
  out.non_finite = n - out.ids.size();
  PlantedFeatures planted = read_planted(store, options.features, options.planted_strengths.size(), out.ids, out.d);
  out.planted_rows = std::move(planted.rows);
  out.planted_features = std::move(planted.features);
  return out;
}

}  // namespace alea
