#include "run/order_statistic.h"

#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/topk.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace alea {

OrderStatistic::OrderStatistic(std::uint64_t n, double q) : n_(n) {
  if (n == 0 || !(q >= 0 && q <= 1))
    fail(ErrorCode::domain, "a quantile of {} values at {}: expected some values and 0 to 1", n, q);
  const std::uint64_t place = std::min(n - 1, static_cast<std::uint64_t>(std::floor(static_cast<double>(n) * q)));
  largest_ = n - place <= place + 1;
  keep_ = static_cast<std::int64_t>(largest_ ? n - place : place + 1);
}

void OrderStatistic::add(const at::Tensor& rows) {
  added_ += static_cast<std::uint64_t>(rows.size(0));
  kept_ = kept_.defined() ? at::cat({kept_, rows}) : rows.clone();
  if (kept_.size(0) > keep_) kept_ = std::get<0>(at::topk(kept_, keep_, 0, largest_, /*sorted=*/false));
}

at::Tensor OrderStatistic::value() const {
  ALEA_CHECK(added_ == n_, "{} of {} values were added", added_, n_);
  return largest_ ? at::amin(kept_, 0) : at::amax(kept_, 0);
}

}  // namespace alea
