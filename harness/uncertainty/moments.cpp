#include "uncertainty/moments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "core/error.h"

namespace alea {

Spread spread_about(const at::Tensor& eps, std::span<const Prediction> answers) {
  const auto m = static_cast<double>(answers.size());
  if (answers.size() < 2) fail(ErrorCode::domain, "a spread needs at least 2 answers, found {}", answers.size());

  const at::Tensor reference = eps.to(at::kDouble);
  std::vector<at::Tensor> differences;
  at::Tensor total = at::zeros_like(reference);
  for (const Prediction& answer : answers) {
    if (answer.eps.sizes() != eps.sizes()) fail(ErrorCode::shape, "a spread needs answers of the shape of eps");
    differences.push_back(answer.eps.to(at::kDouble) - reference);
    total += differences.back();
  }
  const at::Tensor mean = total / m;
  Spread spread{at::zeros_like(reference), at::zeros_like(reference)};
  for (const at::Tensor& difference : differences) {
    const at::Tensor deviation = difference - mean;
    spread.variance += deviation * deviation;
    spread.centred += difference * difference;
  }
  spread.variance /= m - 1;
  spread.centred /= m;
  return spread;
}

at::Tensor sum_per_image(const at::Tensor& map) {
  const at::Tensor values = map.to(at::kDouble).cpu().contiguous();
  const std::int64_t n = values.size(0), elements = n == 0 ? 0 : values.numel() / n;
  at::Tensor out = at::zeros({n}, at::kDouble);
  const double* from = values.const_data_ptr<double>();
  double* to = out.mutable_data_ptr<double>();
  for (std::int64_t b = 0; b < n; ++b)
    for (std::int64_t i = 0; i < elements; ++i) to[b] += from[b * elements + i];
  return out;
}

WindowSums::WindowSums(std::string name, std::int64_t n_images, const Window& window)
    : name_(std::move(name)), step_scores_(at::zeros({n_images, window.size()}, at::kDouble)), filled_(window.size(), false) {}

void WindowSums::add(int column, const at::Tensor& map) {
  ALEA_CHECK(!filled_.at(column), "{}: column {} of the window is filled twice", name_, column);
  filled_[column] = true;
  step_scores_.select(1, column).copy_(sum_per_image(map));
  const at::Tensor values = map.to(at::kDouble);
  map_ = map_.defined() ? map_ + values : values;
}

UncertaintyOutput WindowSums::output() const {
  ALEA_CHECK(std::all_of(filled_.begin(), filled_.end(), [](bool f) { return f; }), "{}: the trajectory ended inside the window",
             name_);
  return {name_, step_scores_, map_.to(at::kFloat).cpu()};
}

}  // namespace alea
