#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "store/store.h"

namespace alea {

/// Error{shape} naming the array, expected and found.
void expect_array(const Array& array, DType dtype, std::size_t rank, std::uint64_t rows, const std::string& name);

bool all_finite(std::span<const float> values);

/// Row i of features [n, d].
std::span<const float> feature_row(const Array& features, std::uint64_t i);

/// The features of the oracle control's images.
struct PlantedFeatures {
  std::vector<std::uint32_t> rows;           ///< ascending: their places among `ids`
  std::vector<std::vector<float>> features;  ///< one [rows, d] a strength
};

/// Of those planted images that are among `ids` (ascending). Error{shape} for features of another width than d, Error{data} for
/// one that isn't finite.
PlantedFeatures read_planted(const Store& store, const std::string& network, std::size_t n_strengths,
                             const std::vector<std::uint64_t>& ids, std::size_t d);

}  // namespace alea
