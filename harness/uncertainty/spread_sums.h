#pragma once

#include "uncertainty/moments.h"
#include "uncertainty/spread_options.h"

namespace alea {

/// Which statistics of M answers an estimator yields, and what they are called.
class SpreadStatistics {
 public:
  /// `family` is what their names begin with. Error{config} unless statistics are named, once each, and prefixes ascend below M.
  SpreadStatistics(std::string family, const SpreadOptions& options);

  /// "FAMILY.variance", ... of all M; then "FAMILY.variance.m5", ... of each prefix.
  std::vector<std::string> names() const;
  int passes() const { return passes_; }

 private:
  friend class SpreadSums;
  std::vector<int> counts() const;

  std::string family_;
  int passes_;
  std::vector<std::string> statistics_;
  std::vector<int> prefixes_;
};

/// Gathers them over a window.
class SpreadSums {
 public:
  SpreadSums(const SpreadStatistics& statistics, std::int64_t n_images, const Window& window);

  /// reference [B, C, H, W], what centred is about; M answers. Error{shape} as spread_about.
  void add(int column, const at::Tensor& reference, std::span<const Prediction> answers);
  std::vector<UncertaintyOutput> outputs() const;

 private:
  SpreadStatistics statistics_;
  std::vector<WindowSums> sums_;  ///< in the order of names()
};

}  // namespace alea
