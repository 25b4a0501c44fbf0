#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/config.h"
#include "metrics/sparsification.h"
#include "results/record.h"

namespace alea {

struct SparsificationOptions {
  std::vector<std::string> conventions = {"poggi50", "exact", "normalised"};
  std::vector<std::string> errors = {"rmse", "mae", "mse"};
};

/// Errors of images and what some method is uncertain of, element by element.
struct ErrorMaps {
  std::span<const float> errors;       ///< [n, elements], absolute
  std::span<const float> uncertainty;  ///< [n, elements]
  std::span<const std::uint8_t> mask;  ///< [n, elements], elements that are 0 don't count; or empty
  std::span<const std::uint64_t> ids;  ///< [n], of the images
  std::uint64_t zero_images = 0;       ///< pooled rows: so many images more, of no error and no uncertainty
};

struct SparsificationRows {
  std::vector<MetricRow> rows;
  Json curves = Json::object();  ///< by "<error>.<convention>": removed, method, oracle, random, the means over images
};

/// For each error and convention AUSE and AURG as the mean over images with its interval, and pooled over all elements; then the
/// mean over images of Spearman's correlation of error and uncertainty. Errors as sparsify_images.
SparsificationRows sparsification_rows(const ErrorMaps& maps, const SparsificationOptions& options);

}  // namespace alea
