#include "uncertainty/guidance_mask.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones_like.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/error.h"

namespace alea {
namespace {

double quantile_of(std::vector<double> values, double q) {
  const double place = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(std::floor(place));
  std::nth_element(values.begin(), values.begin() + below, values.end());
  const double low = values[static_cast<std::size_t>(below)], share = place - static_cast<double>(below);
  if (share == 0) return low;
  return low + share * (*std::min_element(values.begin() + below + 1, values.end()) - low);
}

}  // namespace

at::Tensor quantile_per_image(const at::Tensor& uncertainty, double q) {
  const at::Tensor values = uncertainty.to(at::kCPU, at::kDouble).contiguous();
  const std::int64_t n = values.size(0), elements = values.numel() / n;
  at::Tensor out = at::empty({n, 1, 1, 1}, at::kDouble);
  const double* row = values.const_data_ptr<double>();
  for (std::int64_t b = 0; b < n; ++b, row += elements) out.mutable_data_ptr<double>()[b] = quantile_of({row, row + elements}, q);
  return out;
}

GuidanceMask::GuidanceMask(const GuidanceOptions& options, const Window& window,
                           std::shared_ptr<const GuidanceThresholds> thresholds)
    : kind_(options.mask), quantile_(options.quantile), above_(options.mask_side == "above"), thresholds_(std::move(thresholds)) {
  if (kind_ != "thresholds") return;
  if (thresholds_ == nullptr) fail(ErrorCode::config, "mask = thresholds: no thresholds were given");
  for (const SolverIndex index : window.indices())
    if (!std::ranges::binary_search(thresholds_->indices, index.value))
      fail(ErrorCode::config,
           "mask = thresholds: there are none of solver index {}, only of {}; make them with `alea thresholds` for this window",
           index.value, fmt::join(thresholds_->indices, ", "));
}

at::Tensor GuidanceMask::saved(SolverIndex index, const at::Tensor& uncertainty) const {
  const GuidanceThresholds& t = *thresholds_;
  std::vector<std::int64_t> shape{1, 1, 1, 1};
  if (t.shape.size() == 4) {
    std::copy(t.shape.begin() + 1, t.shape.end(), shape.begin() + 1);
    if (uncertainty.sizes().slice(1) != at::IntArrayRef(shape).slice(1))
      fail(ErrorCode::shape, "thresholds of images [{}], the network's are [{}]; make them with this model",
           fmt::join(at::IntArrayRef(shape).slice(1), ", "), fmt::join(uncertainty.sizes().slice(1), ", "));
  }
  at::Tensor out = at::empty(shape, at::kFloat);
  const auto column = std::ranges::lower_bound(t.indices, index.value) - t.indices.begin();
  const auto size = static_cast<std::size_t>(out.numel());
  std::memcpy(out.mutable_data_ptr<float>(), t.values.data() + static_cast<std::size_t>(column) * size, size * sizeof(float));
  return out.to(at::kDouble);
}

at::Tensor GuidanceMask::of(SolverIndex index, const at::Tensor& uncertainty) const {
  if (kind_ == "all") return at::ones_like(uncertainty, at::kBool);
  const at::Tensor threshold = kind_ == "quantile" ? quantile_per_image(uncertainty, quantile_) : saved(index, uncertainty);
  const at::Tensor there = threshold.to(uncertainty.device());
  return above_ ? uncertainty > there : uncertainty < there;
}

}  // namespace alea
