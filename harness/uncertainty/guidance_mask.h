#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "uncertainty/guidance_options.h"
#include "uncertainty/guidance_thresholds.h"
#include "uncertainty/window.h"

namespace alea {

/// [B, 1, 1, 1] float64 on the CPU: the q-quantile of each image's elements, linear between order statistics.
/// uncertainty: [B, C, H, W]; q in [0, 1].
at::Tensor quantile_per_image(const at::Tensor& uncertainty, double q);

/// Which elements of an image a guide changes.
class GuidanceMask {
 public:
  /// Error{config} where saved thresholds are asked for and none are given, or none of a step of the window.
  GuidanceMask(const GuidanceOptions& options, const Window& window, std::shared_ptr<const GuidanceThresholds> thresholds);

  /// [B, C, H, W] boolean, where uncertainty is. Error{shape} where saved thresholds are of other images.
  at::Tensor of(SolverIndex index, const at::Tensor& uncertainty) const;

 private:
  at::Tensor saved(SolverIndex index, const at::Tensor& uncertainty) const;

  std::string kind_;
  double quantile_;
  bool above_;
  std::shared_ptr<const GuidanceThresholds> thresholds_;
};

}  // namespace alea
