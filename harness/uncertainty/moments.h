#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "uncertainty/estimator.h"
#include "uncertainty/window.h"

namespace alea {

/// Element-wise spread of M answers e_i, both from the same evaluations; [B, C, H, W] float64, >= 0.
struct Spread {
  at::Tensor variance;  ///< sum_i (e_i - mean)^2 / (M-1), Algorithm 1 with the unbiased divisor (paper Eq. 8)
  at::Tensor centred;   ///< sum_i (e_i - e)^2 / M, about the unperturbed answer e
};

/// `eps` and the M answers: [B, C, H, W] float32. Error{shape} when they differ, Error{domain} for M < 2. The answers are nearly
/// equal late in a trajectory, so e is subtracted, in double, before anything is squared.
Spread spread_about(const at::Tensor& eps, std::span<const Prediction> answers);

/// [B] float64 on the CPU: sum over the elements of each image, in NCHW order in double (one fixed order on every machine).
at::Tensor sum_per_image(const at::Tensor& map);

/// Gathers the maps of a window into an UncertaintyOutput.
class WindowSums {
 public:
  WindowSums(std::string name, std::int64_t n_images, const Window& window);

  /// map: [B, C, H, W], >= 0. A column is filled once.
  void add(int column, const at::Tensor& map);
  /// Error{internal} unless every column was filled.
  UncertaintyOutput output() const;

 private:
  std::string name_;
  at::Tensor step_scores_;
  at::Tensor map_;
  std::vector<bool> filled_;
};

}  // namespace alea
