#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "uncertainty/estimator.h"

namespace alea {

/// The trajectories that one estimator wants beside the sampler's own (Estimator::companions), step by step with it.
class Companions {
 public:
  /// `start` makes a sampler where the own trajectory begins.
  Companions(Estimator& estimator, const std::function<std::unique_ptr<Sampler>()>& start);

  std::size_t size() const { return samplers_.size(); }
  /// One query a companion.
  std::vector<Query> next();
  void feed(std::span<const Prediction> answers);
  /// Hands the finished samples to the estimator.
  void finish();

 private:
  Estimator& estimator_;
  std::vector<std::unique_ptr<Sampler>> samplers_;
};

}  // namespace alea
