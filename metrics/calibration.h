#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace alea {

/// Calibration of predicted variances against squared errors, in equal-count bins by variance (ties by index). Only for maps that
/// are a variance of the predicted quantity, or after fit_variance_scale on one half and a test on the other.
struct Calibration {
  double uce = 0;   ///< sum_b n_b/N |MSE_b - mean variance_b| (Laves et al. 2020, arXiv:2104.12376)
  double ence = 0;  ///< mean_b |RMV_b - RMSE_b| / RMV_b (Levi et al. 2022, arXiv:1905.11659)
  std::vector<std::uint64_t> count;
  std::vector<double> mean_variance, mean_squared_error;  ///< by bin
};
Calibration calibrate(std::span<const double> variance, std::span<const double> squared_error, std::uint32_t bins = 15);

/// The one factor s for which mean(squared_error / (s variance)) = 1. Error{domain} where a variance is 0 or negative.
double fit_variance_scale(std::span<const double> variance, std::span<const double> squared_error);

/// Share of |error| <= z sqrt(variance) with z the normal quantile of (1 + level)/2.
double interval_coverage(std::span<const double> variance, std::span<const double> squared_error, double level);

}  // namespace alea
