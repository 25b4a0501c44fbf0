#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocols/filtering_input.h"

namespace alea {

/// Images and scores of ids 0..n-1 whose network computed in one precision, as a run stores them.
struct PrecisionSamples {
  std::uint64_t elements = 0;               ///< of an image
  std::vector<std::uint8_t> images;         ///< [n, elements]
  std::vector<std::uint8_t> finite;         ///< [n], 0 where a value isn't finite and zeros stand for all
  std::vector<StatisticScores> statistics;  ///< [n] each
};

/// How one statistic ranks and filters the same images in two precisions.
struct StatisticAgreement {
  std::string statistic;
  std::optional<double> spearman;  ///< absent where the scores of a precision are all equal
  double overlap_lowest = 0;       ///< share of the lowest-scoring kept set that is kept in both precisions
  double overlap_highest = 0;
};

struct PrecisionAgreement {
  std::uint64_t n = 0;           ///< images compared: finite in both
  std::uint64_t kept = 0;        ///< of them, in each kept set
  std::uint64_t non_finite = 0;  ///< images that aren't finite in float32
  std::uint64_t lost = 0;        ///< finite in float32 only
  int worst_pixel = 0;           ///< largest difference of a pixel, grey levels
  double mean_pixel = 0;         ///< mean absolute difference, grey levels
  std::vector<StatisticAgreement> statistics;
};

/// Kept sets are keep_by_score's of keep / generate of the images compared, rounded half up and at least one. Error{shape} where
/// the two don't hold the same images and statistics, Error{domain} where fewer than two images are finite in both.
PrecisionAgreement measure_agreement(const PrecisionSamples& float32, const PrecisionSamples& below, std::uint64_t keep,
                                     std::uint64_t generate);

}  // namespace alea
