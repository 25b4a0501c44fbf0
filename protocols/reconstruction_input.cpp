#include "protocols/reconstruction_input.h"

#include <numeric>

#include "core/error.h"
#include "protocols/array_names.h"
#include "protocols/stored_arrays.h"

namespace alea {
namespace {

const Array& array_of(const ArrayMap& block, const std::string& name, DType dtype, std::size_t rank, std::uint64_t n) {
  const auto found = block.find(name);
  if (found == block.end()) fail(ErrorCode::data, "block: no array {}; was this folder made by another protocol?", name);
  expect_array(found->second, dtype, rank, n, name);
  return found->second;
}

/// Row i of [n, h, w, c], its channels apart or their mean.
void append_row(const Array& array, std::size_t i, bool mean_of_channels, std::vector<float>& out) {
  const std::size_t size = array.elements() / array.shape[0], channels = array.shape.back();
  const auto row = array.as<float>().subspan(i * size, size);
  if (!mean_of_channels) {
    out.insert(out.end(), row.begin(), row.end());
    return;
  }
  for (std::size_t k = 0; k < size; k += channels)
    out.push_back(std::accumulate(row.begin() + static_cast<std::ptrdiff_t>(k),
                                  row.begin() + static_cast<std::ptrdiff_t>(k + channels), 0.0f) /
                  static_cast<float>(channels));
}

double row_sum(const Array& scores, std::size_t i) {
  const auto row = scores.as<double>().subspan(i * scores.shape[1], scores.shape[1]);
  return std::accumulate(row.begin(), row.end(), 0.0);
}

}  // namespace

ReconstructionInput read_reconstruction_input(const Store& store, const ReconstructionOptions& options,
                                              const Components& components) {
  ReconstructionInput out;
  const bool mean_of_channels = options.channels == "mean";
  for (const BlockRange& range : store.blocks()) {
    const ArrayMap block = store.get_block(array_names::kBlocks, range);
    if (range.first == 0)
      for (const std::string& name : components.statistics())
        if (block.contains(array_names::maps(name))) out.statistics.push_back({name, {}, {}});
    const Array& finite = array_of(block, array_names::kFinite, DType::u8, 1, range.count);
    const Array& errors = array_of(block, array_names::kErrors, DType::f32, 4, range.count);
    out.elements = errors.elements() / range.count / (mean_of_channels ? errors.shape.back() : 1);
    for (std::uint32_t i = 0; i < range.count; ++i) {
      if (finite.as<std::uint8_t>()[i] == 0) continue;
      out.ids.push_back(range.first + i);
      append_row(errors, i, mean_of_channels, out.errors);
      for (StatisticMaps& statistic : out.statistics) {
        append_row(array_of(block, array_names::maps(statistic.name), DType::f32, 4, range.count), i, mean_of_channels,
                   statistic.values);
        statistic.scores.push_back(row_sum(array_of(block, array_names::scores(statistic.name), DType::f64, 2, range.count), i));
      }
    }
  }
  out.non_finite = store.n_samples() - out.ids.size();
  return out;
}

}  // namespace alea
