#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/denoiser.h"
#include "samplers/sampler.h"
#include "samplers/start_points.h"
#include "uncertainty/estimator.h"
#include "uncertainty/guide.h"

namespace alea {

/// NFE are network evaluations an image: rows asked for / B, rounded up, times what one prediction takes (guidance: two).
struct TrajectoryCost {
  std::uint64_t base_nfe = 0;   ///< asked by the sampler
  std::uint64_t extra_nfe = 0;  ///< asked by estimators
  std::uint64_t guide_nfe = 0;  ///< asked by the guide, a row's way back through the network counting as two
  std::uint64_t padded = 0;     ///< rows, not per image: computed only to fill a micro-batch
};

/// Wall time by what it was for: the rows that each asked for, and what it made of the answers. Never part of a result. Of a
/// device that answers later than it is asked, only the asking.
struct TrajectorySeconds {
  double base = 0;                 ///< the sampler's rows
  std::vector<double> estimators;  ///< in their order
};

struct TrajectoryResult {
  at::Tensor sample;                       ///< [B, C, H, W] float32, the network's space, on its device
  std::vector<UncertaintyOutput> outputs;  ///< of all estimators, in their order, then of the guide
  TrajectoryCost cost;
  TrajectorySeconds seconds = {};
};

/// The one loop that joins network, sampler and estimators, for one micro-batch of ids (B = micro_batch = ids.size()).
/// Rows asked for are packed into network calls of exactly micro_batch rows, those of one step riding with the base rows of
/// the next unless an estimator is needed before the sampler advances; `pack` = false evaluates each query on its own at once
/// (the bits are equal; only the number of calls differs). Runs without gradients, but for a guide's. A guide changes what the
/// sampler is fed; estimators see what the network said. Error{usage} without ids, Error{shape} from sampler, estimators or
/// network, Error{config} from a guide that acts where alpha = 0.
TrajectoryResult run_trajectory(Denoiser& denoiser, const SamplerFactory& sampler,
                                const std::vector<std::unique_ptr<EstimatorFactory>>& estimators, const Ids& ids,
                                const StartPoints& start, bool pack = true, const GuideFactory* guide = nullptr);
/// From PhiloxStart of the seed.
TrajectoryResult run_trajectory(Denoiser& denoiser, const SamplerFactory& sampler,
                                const std::vector<std::unique_ptr<EstimatorFactory>>& estimators, const Ids& ids,
                                std::uint64_t seed, bool pack = true);

}  // namespace alea
