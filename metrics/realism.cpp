#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "metrics/distance_tiles.h"
#include "metrics/neighbours.h"
#include "metrics/precision_recall.h"

namespace alea {
namespace {

/// The balls that are not larger than the median one.
struct SmallBalls {
  std::size_t n = 0, d = 0;
  std::vector<float> centres;         ///< [n, d]
  std::vector<double> squared_radii;  ///< [n]
  FeatureView view() const { return {centres, n, d}; }
};

SmallBalls small_balls(const FeatureView& real, std::uint32_t k) {
  const NeighbourTable table = nearest_neighbours(real, k);
  std::vector<double> squared;
  for (std::size_t i = 0; i < real.n; ++i) squared.push_back(table.squared_distance[(i + 1) * k - 1]);
  std::vector<double> ordered = squared;
  const auto middle = ordered.begin() + static_cast<std::ptrdiff_t>((real.n - 1) / 2);
  std::nth_element(ordered.begin(), middle, ordered.end());
  SmallBalls balls{0, real.d, {}, {}};
  for (std::size_t i = 0; i < real.n; ++i) {
    if (squared[i] > *middle) continue;
    const auto row = real.row(i);
    balls.centres.insert(balls.centres.end(), row.begin(), row.end());
    balls.squared_radii.push_back(squared[i]);
    ++balls.n;
  }
  return balls;
}

/// (r/d)^2; on the centre itself infinite, also where the ball is a point.
double squared_ratio(double squared_radius, double squared_distance) {
  return squared_distance == 0 ? std::numeric_limits<double>::infinity() : squared_radius / squared_distance;
}

/// A ball counts only if half |x - y|^2 <= half r^2 * this.
float reach_factor(double best) { return best > 0 ? static_cast<float>(1 / best) : std::numeric_limits<float>::max(); }

void raise(double& shared, double value) {
  std::atomic_ref best(shared);
  double seen = best.load(std::memory_order_relaxed);
  while (value > seen && !best.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

}  // namespace

std::vector<double> realism(const FeatureView& real, const FeatureView& generated, std::uint32_t k) {
  if (real.d != generated.d) {
    fail(ErrorCode::shape, "realism: features of width {} and {}, expected equal widths", real.d, generated.d);
  }
  expect_finite_rows(generated, "realism, generated set");
  const SmallBalls balls = small_balls(real, k);
  const Frame frame = common_frame(balls.view(), generated);
  const FramedRows points(generated, frame), centres(balls.view(), frame);
  std::vector<float> half_radii(balls.n);
  for (std::size_t i = 0; i < balls.n; ++i) half_radii[i] = frame.half(balls.squared_radii[i]);
  std::vector<double> best(generated.n, 0.0);
  for_each_tile(points, centres, [&](RowRange rows, RowRange columns, const std::vector<float>& dot) {
    for (std::size_t j = rows.begin; j < rows.end; ++j) {
      double largest = std::atomic_ref(best[j]).load(std::memory_order_relaxed);
      float factor = reach_factor(largest);
      scan_row(
          centres, columns, dot.data() + (j - rows.begin) * columns.size(), points.lower[j],
          [&](std::size_t i) { return half_radii[i] * factor; },
          [&](std::size_t i, float) {
            const double squared = squared_distance(balls.view().row(i), generated.row(j));
            largest = std::max(largest, squared_ratio(balls.squared_radii[i], squared));
            factor = reach_factor(largest);
          });
      raise(best[j], largest);
    }
  });
  std::transform(best.begin(), best.end(), best.begin(), [](double ratio) { return std::sqrt(ratio); });
  return best;
}

}  // namespace alea
