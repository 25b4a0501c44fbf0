#include "uncertainty/guidance_statistic.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "core/error.h"

namespace alea {
namespace {

/// e_i - e in double: late in a trajectory the answers differ in their last digits only.
std::vector<at::Tensor> differences(const at::Tensor& eps, const std::vector<at::Tensor>& answers) {
  if (answers.size() < 2) fail(ErrorCode::domain, "a spread needs at least 2 answers, found {}", answers.size());
  const at::Tensor reference = eps.to(at::kDouble);
  std::vector<at::Tensor> out;
  for (const at::Tensor& answer : answers) {
    if (answer.sizes() != eps.sizes()) fail(ErrorCode::shape, "a spread needs answers of the shape of eps");
    out.push_back(answer.to(at::kDouble) - reference);
  }
  return out;
}

at::Tensor sum_of(const std::vector<at::Tensor>& terms) {
  at::Tensor total = at::zeros_like(terms.front());
  for (const at::Tensor& term : terms) total = total + term;
  return total;
}

/// sum (d_i - c)^2 / n with derivatives 2 (d_i - c) / n: exact for the mean c as well, since deviations from it add up to 0.
AnswerSpread squares_about(const at::Tensor& centre, const std::vector<at::Tensor>& d, double n) {
  AnswerSpread out{at::zeros_like(centre), {}, at::zeros_like(centre)};
  for (const at::Tensor& difference : d) {
    const at::Tensor deviation = difference - centre;
    out.uncertainty = out.uncertainty + deviation * deviation / n;
    out.by_answer.push_back(deviation * (2 / n));
  }
  return out;
}

AnswerSpread variance(const std::vector<at::Tensor>& d) {
  const auto m = static_cast<double>(d.size());
  return squares_about(sum_of(d) / m, d, m - 1);
}

AnswerSpread centred(const std::vector<at::Tensor>& d) {
  AnswerSpread out = squares_about(at::zeros_like(d.front()), d, static_cast<double>(d.size()));
  out.by_eps = -sum_of(out.by_answer);
  return out;
}

AnswerSpread standard_deviation(const std::vector<at::Tensor>& d) {
  AnswerSpread out = variance(d);
  out.uncertainty = at::sqrt(out.uncertainty);
  const at::Tensor nothing = at::zeros_like(out.uncertainty);
  for (at::Tensor& slope : out.by_answer) slope = at::where(out.uncertainty > 0, slope / (out.uncertainty * 2), nothing);
  return out;
}

/// e itself is one more answer, whose difference from e is 0.
AnswerSpread variance_with_eps(std::vector<at::Tensor> d) {
  d.push_back(at::zeros_like(d.front()));
  AnswerSpread out = variance(d);
  out.by_eps = out.by_answer.back();
  out.by_answer.pop_back();
  return out;
}

}  // namespace

AnswerSpread spread_with_derivatives(const std::string& statistic, const at::Tensor& eps,
                                     const std::vector<at::Tensor>& answers) {
  const auto d = differences(eps, answers);
  if (statistic == "variance") return variance(d);
  if (statistic == "centred") return centred(d);
  if (statistic == "std") return standard_deviation(d);
  if (statistic == "variance_with_eps") return variance_with_eps(d);
  fail(ErrorCode::internal, "no statistic {}", statistic);
}

}  // namespace alea
