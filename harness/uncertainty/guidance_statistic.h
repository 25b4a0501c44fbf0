#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace alea {

/// U of M answers e_i about the unperturbed e, and its derivatives; [B, C, H, W] float64.
struct AnswerSpread {
  at::Tensor uncertainty;
  std::vector<at::Tensor> by_answer;  ///< dU/de_i, element by element, one an answer
  at::Tensor by_eps;                  ///< dU/de where e enters U itself; zeros elsewhere
};

/// statistic, with m = mean e_i:
/// "variance"           sum (e_i - m)^2 / (M-1), Eq. 8 of arXiv:2412.00205 with the unbiased divisor;
/// "centred"            sum (e_i - e)^2 / M;
/// "std"                square root of the variance; where it is 0, so are its derivatives;
/// "variance_with_eps"  the variance of e, e_1 .. e_M.
/// eps and answers: [B, C, H, W], one shape. Error{shape} when they differ, Error{domain} for fewer than 2 answers.
AnswerSpread spread_with_derivatives(const std::string& statistic, const at::Tensor& eps, const std::vector<at::Tensor>& answers);

}  // namespace alea
