#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "metrics/jackknife.h"

namespace alea {

/// How the error left after the most uncertain fraction is removed becomes an area (Ilg et al. 2018, arXiv:1802.07095; Poggi et
/// al. 2020, arXiv:2005.06209).
///   poggi50     50 thresholds, the percentile 2t of -u by linear interpolation, ties kept whole, 0 appended at 1, trapezoid:
///               what the paper's code computes. AURG of a constant map is error/100, not 0.
///   exact       the mean over m = 1..n of the error of the m most certain elements. A tied group that is cut counts with its
///               expected share, so a constant map equals a random one and has AURG 0.
///   normalised  exact divided by the error of all elements.
enum class Sparsification { poggi50, exact, normalised };
enum class ErrorKind { rmse, mae, mse };

/// Error kept when the fraction `removed` of the most uncertain elements is gone.
struct SparsificationCurves {
  std::vector<double> removed;  ///< ascending from 0
  std::vector<double> method, oracle, random;
};
struct SparsificationResult {
  double ause = 0;  ///< area(method) - area(oracle), >= 0 up to rounding
  double aurg = 0;  ///< area(random) - area(method); for poggi50 error(all) - area(method)
  double error_all = 0;
  std::uint64_t elements = 0;
  SparsificationCurves curves;  ///< at most kCurvePoints points
};
inline constexpr std::size_t kCurvePoints = 101;

/// errors: absolute errors |x - y| by element; uncertainty: larger = less certain. Error{shape} for unlike lengths, Error{domain}
/// for none and for a number that isn't finite, by index, or a negative error.
SparsificationResult sparsify(std::span<const float> absolute_errors, std::span<const float> uncertainty, ErrorKind kind,
                              Sparsification convention);
SparsificationResult sparsify(std::span<const double> absolute_errors, std::span<const double> uncertainty, ErrorKind kind,
                              Sparsification convention);

/// Per image, then the mean over images with its jackknife by id: pixels of one image aren't independent. errors and uncertainty
/// are [n, elements]; mask, where given, [n, elements], keeps elements that aren't 0; images whose mask is empty are left out and
/// counted. On TBB's threads, equal bits for any number of them.
struct ImageSparsification {
  Interval ause, aurg;
  std::vector<double> ause_leave_one_out, aurg_leave_one_out;  ///< of the groups that have an image, ascending
  std::vector<double> ause_of_image, aurg_of_image;            ///< NaN-free: left-out images aren't in them
  std::vector<std::uint64_t> image_ids;                        ///< of the above
  std::uint64_t empty_masks = 0;
  SparsificationCurves mean_curves;  ///< over the images with the most points: a mask may leave one fewer
};
ImageSparsification sparsify_images(std::span<const float> absolute_errors, std::span<const float> uncertainty,
                                    std::span<const std::uint8_t> mask, std::span<const std::uint64_t> ids, ErrorKind kind,
                                    Sparsification convention);

const char* sparsification_name(Sparsification convention);
const char* error_kind_name(ErrorKind kind);

}  // namespace alea
