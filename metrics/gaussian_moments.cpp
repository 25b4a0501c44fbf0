#include "metrics/gaussian_moments.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "core/error.h"
#include "metrics/lapack.h"

namespace alea {
namespace {

// The length of a tile fixes the order of summation, and so the bits of every moment.
constexpr std::size_t kTileRows = 256;

void check_view(const FeatureView& features, std::size_t d) {
  if (features.d != d) fail(ErrorCode::shape, "moments: features of width {}, expected {}", features.d, d);
  if (features.values.size() != features.n * features.d) {
    fail(ErrorCode::shape, "moments: {} numbers for {} features of width {}, expected {}", features.values.size(), features.n,
         features.d, features.n * features.d);
  }
}

void check_alike(const std::vector<double>& origin, const std::vector<double>& other) {
  if (origin.size() != other.size()) {
    fail(ErrorCode::shape, "moments: widths {} and {} can't be combined", origin.size(), other.size());
  }
  if (origin != other) fail(ErrorCode::domain, "moments: sums about different origins can't be combined: use one origin for all");
}

template <class Operation>
void combine(std::vector<double>& target, const std::vector<double>& other, Operation operation) {
  std::transform(target.begin(), target.end(), other.begin(), target.begin(), operation);
}

std::vector<double> mean_of_first_tile(const FeatureView& features) {
  const std::size_t rows = std::min(features.n, kTileRows);
  std::vector<double> mean(features.d, 0.0);
  for (std::size_t i = 0; i < rows; ++i) combine(mean, {features.row(i).begin(), features.row(i).end()}, std::plus<>());
  for (double& value : mean) value /= static_cast<double>(std::max<std::size_t>(rows, 1));
  return mean;
}

}  // namespace

MomentSums::MomentSums(std::vector<double> origin)
    : origin_(std::move(origin)), sum_(origin_.size(), 0.0), outer_(origin_.size() * origin_.size(), 0.0) {
  if (origin_.empty()) fail(ErrorCode::shape, "moments: features of width 0, expected at least 1");
}

void MomentSums::add(const FeatureView& features, std::span<const std::uint32_t> which) {
  check_view(features, d());
  const auto beyond = std::find_if(which.begin(), which.end(), [&](std::uint32_t i) { return i >= features.n; });
  if (beyond != which.end()) fail(ErrorCode::shape, "moments: row {} asked for of {} features", *beyond, features.n);
  std::vector<double> tile(std::min(which.size(), kTileRows) * d());
  for (std::size_t first = 0; first < which.size(); first += kTileRows) {
    const std::size_t rows = std::min(kTileRows, which.size() - first);
    for (std::size_t r = 0; r < rows; ++r) {
      const auto source = features.row(which[first + r]);
      double* target = tile.data() + r * d();
      for (std::size_t j = 0; j < d(); ++j) {
        target[j] = static_cast<double>(source[j]) - origin_[j];
        sum_[j] += target[j];
      }
    }
    add_gram(std::span<const double>(tile).first(rows * d()), outer_, rows, d());
  }
  n_ += which.size();
}

void MomentSums::add(const FeatureView& features) {
  std::vector<std::uint32_t> all(features.n);
  std::iota(all.begin(), all.end(), 0U);
  add(features, all);
}

MomentSums& MomentSums::operator+=(const MomentSums& other) {
  check_alike(origin_, other.origin_);
  combine(sum_, other.sum_, std::plus<>());
  combine(outer_, other.outer_, std::plus<>());
  n_ += other.n_;
  return *this;
}

MomentSums& MomentSums::operator-=(const MomentSums& other) {
  check_alike(origin_, other.origin_);
  if (other.n_ > n_) fail(ErrorCode::domain, "moments: {} samples can't be taken out of {}", other.n_, n_);
  combine(sum_, other.sum_, std::minus<>());
  combine(outer_, other.outer_, std::minus<>());
  n_ -= other.n_;
  return *this;
}

std::vector<double> MomentSums::mean() const {
  if (n_ == 0) fail(ErrorCode::domain, "moments: no mean of 0 samples");
  std::vector<double> mean = origin_;
  for (std::size_t j = 0; j < d(); ++j) mean[j] += sum_[j] / static_cast<double>(n_);
  return mean;
}

std::vector<double> MomentSums::covariance() const {
  if (n_ < 2) fail(ErrorCode::domain, "moments: no covariance of {} samples, expected at least 2", n_);
  const double n = static_cast<double>(n_);
  std::vector<double> covariance(d() * d());
  for (std::size_t i = 0; i < d(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double value = (outer_[i * d() + j] - sum_[i] * sum_[j] / n) / (n - 1);
      covariance[i * d() + j] = covariance[j * d() + i] = value;
    }
  }
  return covariance;
}

Gaussian fit_gaussian(const MomentSums& sums) { return {sums.mean(), sums.covariance(), sums.n()}; }

Gaussian fit_gaussian(const FeatureView& features) {
  check_view(features, features.d);
  MomentSums sums(mean_of_first_tile(features));
  sums.add(features);
  return fit_gaussian(sums);
}

RunningMoments::RunningMoments(std::size_t d) : d_(d) {}

void RunningMoments::add(const FeatureView& features) {
  check_view(features, d_);
  const std::size_t tile = kTileRows * d_;
  for (auto rest = features.values; !rest.empty();) {
    const std::size_t taken = std::min(rest.size(), tile - waiting_.size());
    waiting_.insert(waiting_.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(taken));
    rest = rest.subspan(taken);
    if (waiting_.size() == tile) add_waiting();
  }
}

void RunningMoments::add_waiting() {
  const FeatureView tile{waiting_, waiting_.size() / d_, d_};
  if (!sums_) sums_.emplace(mean_of_first_tile(tile));
  sums_->add(tile);
  waiting_.clear();
}

std::uint64_t RunningMoments::n() const { return (sums_ ? sums_->n() : 0) + waiting_.size() / d_; }

Gaussian RunningMoments::fit() const {
  RunningMoments all = *this;
  if (!all.waiting_.empty() || !all.sums_) all.add_waiting();
  return fit_gaussian(*all.sums_);
}

}  // namespace alea
