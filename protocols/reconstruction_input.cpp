#include "protocols/reconstruction_input.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "protocols/array_names.h"
#include "protocols/half.h"
#include "protocols/stored_arrays.h"

namespace alea {
namespace {

const Array& array_of(const ArrayMap& block, const std::string& name, DType dtype, std::size_t rank, std::uint64_t n) {
  const auto found = block.find(name);
  if (found == block.end()) fail(ErrorCode::data, "block: no array {}; was this folder made by another protocol?", name);
  expect_array(found->second, dtype, rank, n, name);
  return found->second;
}

std::span<const float> row_of(const Array& array, std::size_t i) {
  const std::size_t size = array.elements() / array.shape[0];
  return array.as<float>().subspan(i * size, size);
}

/// A row of [h, w, c], its channels apart or their mean.
void append_row(std::span<const float> row, std::size_t channels, bool mean_of_channels, std::vector<float>& out) {
  if (!mean_of_channels) {
    out.insert(out.end(), row.begin(), row.end());
    return;
  }
  for (std::size_t k = 0; k < row.size(); k += channels)
    out.push_back(std::accumulate(row.begin() + static_cast<std::ptrdiff_t>(k),
                                  row.begin() + static_cast<std::ptrdiff_t>(k + channels), 0.0f) /
                  static_cast<float>(channels));
}

/// The released code's errors: originals of 0..1 against reconstructions of 0..255, all of them 16-bit floats.
std::vector<float> released_errors(const ArrayMap& block, std::size_t i, std::uint64_t n) {
  const Array &originals = array_of(block, array_names::kOriginals, DType::u8, 4, n),
              &images = array_of(block, array_names::kImages, DType::u8, 4, n);
  const std::size_t size = images.elements() / n;
  std::vector<float> out(size);
  for (std::size_t k = 0; k < size; ++k)
    out[k] = static_cast<float>(
        std::abs(as_half(originals.as<std::uint8_t>()[i * size + k] / 255.0) - images.as<std::uint8_t>()[i * size + k]));
  return out;
}

std::vector<float> errors_of(const ArrayMap& block, std::size_t i, std::uint64_t n, bool released) {
  if (released) return released_errors(block, i, n);
  const auto row = row_of(array_of(block, array_names::kErrors, DType::f32, 4, n), i);
  return {row.begin(), row.end()};
}

/// What was stored, or what the released code would have stored of it.
std::vector<float> map_of(const ArrayMap& block, const std::string& statistic, std::size_t i, std::uint64_t n, bool released) {
  const auto row = row_of(array_of(block, array_names::maps(statistic), DType::f32, 4, n), i);
  std::vector<float> out(row.begin(), row.end());
  if (released) std::ranges::transform(out, out.begin(), as_half);
  return out;
}

double row_sum(const Array& scores, std::size_t i) {
  const auto row = scores.as<double>().subspan(i * scores.shape[1], scores.shape[1]);
  return std::accumulate(row.begin(), row.end(), 0.0);
}

}  // namespace

ReconstructionInput read_reconstruction_input(const Store& store, const ReconstructionOptions& options,
                                              const Components& components) {
  ReconstructionInput out;
  const bool mean_of_channels = options.channels == "mean", released = options.scale == "released";
  for (const BlockRange& range : store.blocks()) {
    const ArrayMap block = store.get_block(array_names::kBlocks, range);
    if (range.first == 0)
      for (const std::string& name : components.statistics())
        if (block.contains(array_names::maps(name))) out.statistics.push_back({name, {}, {}});
    const Array& finite = array_of(block, array_names::kFinite, DType::u8, 1, range.count);
    const Array& errors = array_of(block, array_names::kErrors, DType::f32, 4, range.count);
    const std::size_t channels = errors.shape.back();
    out.elements = errors.elements() / range.count / (mean_of_channels ? channels : 1);
    for (std::uint32_t i = 0; i < range.count; ++i) {
      if (finite.as<std::uint8_t>()[i] == 0) continue;
      out.ids.push_back(range.first + i);
      append_row(errors_of(block, i, range.count, released), channels, mean_of_channels, out.errors);
      for (StatisticMaps& statistic : out.statistics) {
        append_row(map_of(block, statistic.name, i, range.count, released), channels, mean_of_channels, statistic.values);
        statistic.scores.push_back(row_sum(array_of(block, array_names::scores(statistic.name), DType::f64, 2, range.count), i));
      }
    }
  }
  out.non_finite = store.n_samples() - out.ids.size();
  return out;
}

}  // namespace alea
