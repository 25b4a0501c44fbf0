#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "metrics/gaussian_moments.h"

namespace alea {

/// |a - b|^2 in double: what every decision about neighbours and balls rests on. The same bits with a and b exchanged.
double squared_distance(std::span<const float> a, std::span<const float> b);

/// Origin and power-of-two scale in which float products of rows lose least: the mean of `first`, and coordinates of at most 1.
struct Frame {
  std::vector<double> origin;
  double scale = 1;
  /// Half a squared distance in the frame's units, rounded up and down.
  float half(double squared_distance) const;
  float half_below(double squared_distance) const;
};
Frame common_frame(const FeatureView& first, const FeatureView& second);

/// Rows in a frame with what bounds their distances. With dot = x_i . y_j by sgemm in any order of summation,
///   half |x_i - y_j|^2 is at least lower_i + lower_j - dot, and at most that + spread_i + spread_j,
/// since |error of dot| <= d u sum |x y| <= d u (|x|^2 + |y|^2) / 2 with u = 2^-24. Room for the roundings of these sums and of
/// the coordinates, and for underflow, is in the bounds too.
struct FramedRows {
  FramedRows(const FeatureView& features, const Frame& frame);
  std::size_t n = 0, d = 0;
  std::vector<float> values;         ///< [n, d]
  std::vector<float> lower, spread;  ///< [n]
};

/// Half-open ranges of rows, at most kTileRows long: a tile of products stays in a core's cache while it is scanned.
inline constexpr std::size_t kTileRows = 512;
struct RowRange {
  std::size_t begin = 0, end = 0;
  std::size_t size() const { return end - begin; }
};
std::vector<RowRange> row_ranges(std::size_t n);

/// dot [rows, columns] of rows of x with rows of y; one thread.
void multiply_rows(const FramedRows& x, RowRange rows, const FramedRows& y, RowRange columns, std::vector<float>& dot);

/// Calls use(rows, columns, dot [rows, columns]) for every tile of x against y, on TBB's threads and in any order.
void for_each_tile(const FramedRows& x, const FramedRows& y,
                   const std::function<void(RowRange rows, RowRange columns, const std::vector<float>& dot)>& use);

/// Calls hit(j, bound) for each column j whose bound from below of half the squared distance is at most reach(j). lower: of the
/// row; dot: its products, the first with row columns.begin of y.
template <class Reach, class Hit>
void scan_row(const FramedRows& y, RowRange columns, const float* dot, float lower, Reach reach, Hit hit) {
  constexpr std::size_t kChunk = 64;
  const float* lowers = y.lower.data();
  for (std::size_t begin = columns.begin; begin < columns.end; begin += kChunk) {
    const std::size_t end = std::min(begin + kChunk, columns.end);
    int any = 0;
    for (std::size_t j = begin; j < end; ++j) any |= (lower + lowers[j]) - dot[j - columns.begin] <= reach(j) ? 1 : 0;
    if (any == 0) continue;
    for (std::size_t j = begin; j < end; ++j) {
      const float bound = (lower + lowers[j]) - dot[j - columns.begin];
      if (bound <= reach(j)) hit(j, bound);
    }
  }
}

}  // namespace alea
