#pragma once

#include <functional>
#include <memory>

#include "uncertainty/guidance_options.h"
#include "uncertainty/guidance_thresholds.h"
#include "uncertainty/guide.h"

namespace alea {

/// Sees U [B, C, H, W] float64 of each guided step, as the mask does.
using UncertaintyObserver = std::function<void(SolverIndex, const at::Tensor& uncertainty)>;

struct GuidanceContext {
  const NoiseSchedule& schedule;
  std::uint64_t seed = 0;
  int n_steps = 0;                                                 ///< of the sampler
  std::shared_ptr<const GuidanceThresholds> thresholds = nullptr;  ///< for mask = thresholds
  UncertaintyObserver observe = nullptr;                           ///< given: eps stays as it is, and no gradient is asked for
};

/// Algorithm 2 of arXiv:2412.00205 and what the released code made of it. At a guided step with the network's eps e at x:
///   x_i = x + sigma (z_i - e), e_i = eps(x_i), i = 1..M (Algorithm 1 without clipping, Eqs. 2 and 7)
///   g   = d/de sum over an image's elements of U(e_1..e_M) = -sigma sum_i J(x_i)^T dU/de_i + dU/de
///   e'  = e + lambda mask g
/// Each image has a sum of its own, so that the batch never matters. M forwards and M backwards a step; J^T v is asked of the
/// network's graph, a pass at a time. Outputs, a column a guided step: "guidance.ratio" |e' - e| / |e| of each image;
/// "guidance.uncertainty", the sum of U. Error{config} for a window outside the sampler's steps and as GuidanceMask's.
std::unique_ptr<GuideFactory> make_guidance(const GuidanceOptions& options, const GuidanceContext& context);

}  // namespace alea
