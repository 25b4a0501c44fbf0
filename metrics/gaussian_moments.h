#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace alea {

/// n feature vectors of width d, row-major [n, d] float32.
struct FeatureView {
  std::span<const float> values;
  std::size_t n = 0, d = 0;
  std::span<const float> row(std::size_t i) const { return values.subspan(i * d, d); }
};

/// Sums from which a Gaussian is fitted; additive, so groups can be added and taken out. All in double.
/// Sums are taken about `origin` (any fixed vector near the mean) to keep digits.
class MomentSums {
 public:
  explicit MomentSums(std::vector<double> origin);
  std::size_t d() const { return origin_.size(); }
  std::uint64_t n() const { return n_; }

  /// Adds the rows `which` (or all) in the given order in fixed tiles: equal order gives equal bits on one machine and build.
  void add(const FeatureView& features, std::span<const std::uint32_t> which);
  void add(const FeatureView& features);
  MomentSums& operator+=(const MomentSums& other);
  MomentSums& operator-=(const MomentSums& other);

  std::vector<double> mean() const;        ///< [d]; Error{domain} when n = 0
  std::vector<double> covariance() const;  ///< [d, d], divisor n-1; Error{domain} when n < 2

 private:
  std::uint64_t n_ = 0;
  std::vector<double> origin_, sum_, outer_;
};

/// A fitted Gaussian.
struct Gaussian {
  std::vector<double> mean;        ///< [d]
  std::vector<double> covariance;  ///< [d, d] row-major, symmetric
  std::uint64_t n = 0;             ///< samples it was fitted to; 0 = exact
};

Gaussian fit_gaussian(const MomentSums& sums);
Gaussian fit_gaussian(const FeatureView& features);

/// fit_gaussian of rows that come in portions of any size and needn't be kept, to the bit.
class RunningMoments {
 public:
  explicit RunningMoments(std::size_t d);
  /// Error{shape} for another width.
  void add(const FeatureView& features);
  std::uint64_t n() const;
  Gaussian fit() const;  ///< Error{domain} when n < 2

 private:
  void add_waiting();

  std::size_t d_;
  std::optional<MomentSums> sums_;  ///< about the mean of the first tile
  std::vector<float> waiting_;      ///< rows of a tile that isn't full
};

}  // namespace alea
