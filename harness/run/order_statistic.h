#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace alea {

/// The values at one place of n sorted rows, column by column, holding no more rows than lie on the shorter side of it.
class OrderStatistic {
 public:
  /// Place floor(n q) of 0..n-1, the last one for q = 1. Error{domain} unless n > 0 and q is in [0, 1].
  OrderStatistic(std::uint64_t n, double q);

  /// rows: [m, columns] float32.
  void add(const at::Tensor& rows);
  /// [columns] float32. Error{internal} unless n rows were added.
  at::Tensor value() const;

 private:
  std::uint64_t n_, added_ = 0;
  bool largest_;       ///< which side is kept
  std::int64_t keep_;  ///< rows of it
  at::Tensor kept_;    ///< [at most keep_, columns]
};

}  // namespace alea
