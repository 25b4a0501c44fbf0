#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hdf5/hdf5.h"
#include "models/placement.h"
#include "protocols/protocol.h"
#include "run/pixels.h"

namespace alea {

struct Placement;

/// What a record says about the network side of a plan.
struct SampleFacts {
  std::string model_kind;
  std::string weights_sha256;  ///< empty: no weights
  std::int64_t n_parameters = 0;
  ImageExtent image;  ///< as stored
  int base_nfe = 0;   ///< network evaluations an image asked by the sampler
  int extra_nfe = 0;  ///< and by all estimators
  int guide_nfe = 0;  ///< and by the guide
  int total_nfe() const { return base_nfe + extra_nfe + guide_nfe; }
};

/// Rows that the network was asked for, since construction.
struct SampleCost {
  std::uint64_t base_nfe = 0, extra_nfe = 0, guide_nfe = 0, padded = 0;
};

/// Wall time since construction by what it was for. Of a device that answers later than it is asked, only the asking.
struct SampleSeconds {
  struct OfEstimator {
    std::vector<std::string> statistics;
    double seconds = 0;
  };
  double base = 0;                      ///< the sampler's rows
  std::vector<OfEstimator> estimators;  ///< rows that each asked for, and what it made of the answers
};

/// The network side of a plan (model, sampler, estimators, guide), made once a process: on the CPU, or where the placement says.
class BlockSampler {
 public:
  /// Loads the model's files onto the device of `placement`; the arithmetic is the plan's. Error{io} or Error{data} from the
  /// model, Error{config} from a sampler or an estimator that can't be had on the model's schedule.
  explicit BlockSampler(const Plan& plan, Placement placement = {});
  ~BlockSampler();
  BlockSampler(BlockSampler&&) noexcept;

  const SampleFacts& facts() const;
  const SampleCost& cost() const;
  const SampleSeconds& seconds() const;

  /// The arrays of a block of n ids: ids u64 [n]; images u8 [n, h, w, c]; finite u8 [n]; scores/<statistic> f64 [n, W];
  /// maps/<statistic> f32 [n, h, w, c] where the plan wants maps and the estimator has them; unguided/images and unguided/finite
  /// where it wants an unguided arm, labels u64 [n] where it wants them,
  /// equal_cost/images and equal_cost/finite where it has that arm. A sample with a value that isn't
  /// finite anywhere (sample, score or map) has finite = 0 and zeros everywhere else: counted, never spread. `after_batch` gets
  /// the number of images done in each micro-batch, and may throw to stop.
  ArrayMap sample(const BlockRange& block, const std::function<void(std::uint32_t)>& after_batch = {});

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace alea
