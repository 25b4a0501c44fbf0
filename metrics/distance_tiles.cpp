#include "metrics/distance_tiles.h"

#include <tbb/blocked_range2d.h>
#include <tbb/parallel_for.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "metrics/lapack.h"

namespace alea {
namespace {

constexpr double kUnit = 0x1p-24;

/// Twice the relative error of a half squared distance: the product's d units and 32 more for everything else.
double relative_slack(std::size_t d) { return 1.01 * kUnit * static_cast<double>(d + 32); }

/// Coordinates are at most 1, so that numbers lost to underflow are below 2^-126 each.
double absolute_slack(std::size_t d) { return 0x1p-120 * static_cast<double>(d); }

std::vector<double> mean_row(const FeatureView& features) {
  std::vector<double> mean(features.d, 0.0);
  for (std::size_t i = 0; i < features.n; ++i) {
    const float* row = features.row(i).data();
    for (std::size_t k = 0; k < features.d; ++k) mean[k] += row[k];
  }
  // A float less a float of its size is a float: most framed coordinates are exact.
  for (double& value : mean) value = static_cast<float>(value / static_cast<double>(std::max<std::size_t>(features.n, 1)));
  return mean;
}

double largest_coordinate(const FeatureView& features, const std::vector<double>& origin) {
  double largest = 0;
  for (std::size_t i = 0; i < features.n; ++i) {
    const float* row = features.row(i).data();
    for (std::size_t k = 0; k < features.d; ++k) largest = std::max(largest, std::abs(row[k] - origin[k]));
  }
  return largest;
}

}  // namespace

double squared_distance(std::span<const float> a, std::span<const float> b) {
  constexpr std::size_t kLanes = 16;
  double lanes[kLanes] = {};
  const std::size_t whole = a.size() / kLanes * kLanes;
  for (std::size_t k = 0; k < whole; k += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double difference = static_cast<double>(a[k + lane]) - static_cast<double>(b[k + lane]);
      lanes[lane] += difference * difference;
    }
  }
  for (std::size_t k = whole; k < a.size(); ++k) {
    const double difference = static_cast<double>(a[k]) - static_cast<double>(b[k]);
    lanes[k - whole] += difference * difference;
  }
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

float Frame::half(double squared_distance) const {
  return std::nextafter(static_cast<float>(squared_distance * scale * scale / 2), std::numeric_limits<float>::infinity());
}

float Frame::half_below(double squared_distance) const {
  return std::nextafter(static_cast<float>(squared_distance * scale * scale / 2), -std::numeric_limits<float>::infinity());
}

Frame common_frame(const FeatureView& first, const FeatureView& second) {
  Frame frame{mean_row(first), 1};
  const double largest = std::max(largest_coordinate(first, frame.origin), largest_coordinate(second, frame.origin));
  if (largest > 0) frame.scale = std::ldexp(1.0, -std::ilogb(largest) - 1);
  return frame;
}

FramedRows::FramedRows(const FeatureView& features, const Frame& frame)
    : n(features.n), d(features.d), values(features.n * features.d), lower(features.n), spread(features.n) {
  tbb::parallel_for(std::size_t{0}, n, [&](std::size_t i) {
    const float* source = features.row(i).data();
    float* target = values.data() + i * d;
    double norm = 0;
    for (std::size_t k = 0; k < d; ++k) target[k] = static_cast<float>((source[k] - frame.origin[k]) * frame.scale);
    for (std::size_t k = 0; k < d; ++k) norm += static_cast<double>(target[k]) * static_cast<double>(target[k]);
    const double slack = relative_slack(d) * norm / 2 + absolute_slack(d);
    lower[i] = static_cast<float>(norm / 2 - slack);
    spread[i] = static_cast<float>(2 * slack);
  });
}

std::vector<RowRange> row_ranges(std::size_t n) {
  std::vector<RowRange> ranges;
  for (std::size_t begin = 0; begin < n; begin += kTileRows) ranges.push_back({begin, std::min(begin + kTileRows, n)});
  return ranges;
}

void multiply_rows(const FramedRows& x, RowRange rows, const FramedRows& y, RowRange columns, std::vector<float>& dot) {
  const SingleThreadedBlas one_thread;
  dot.resize(rows.size() * columns.size());
  const std::span<const float> a(x.values.data() + rows.begin * x.d, rows.size() * x.d);
  const std::span<const float> b(y.values.data() + columns.begin * y.d, columns.size() * y.d);
  multiply_by_transpose(a, b, dot, rows.size(), columns.size(), x.d);
}

void for_each_tile(const FramedRows& x, const FramedRows& y,
                   const std::function<void(RowRange, RowRange, const std::vector<float>&)>& use) {
  const auto rows = row_ranges(x.n), columns = row_ranges(y.n);
  tbb::parallel_for(tbb::blocked_range2d<std::size_t>(0, rows.size(), 1, 0, columns.size(), 1), [&](const auto& tiles) {
    std::vector<float> dot;
    for (std::size_t i = tiles.rows().begin(); i < tiles.rows().end(); ++i) {
      for (std::size_t j = tiles.cols().begin(); j < tiles.cols().end(); ++j) {
        multiply_rows(x, rows[i], y, columns[j], dot);
        use(rows[i], columns[j], dot);
      }
    }
  });
}

}  // namespace alea
