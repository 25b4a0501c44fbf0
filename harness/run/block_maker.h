#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "hdf5/hdf5.h"
#include "protocols/protocol.h"

namespace alea {

class Denoiser;
struct Device;
struct Placement;
struct SampleFacts;
struct SampleCost;
struct SampleSeconds;

/// What fills the blocks of a plan: images, or measurements where it has a TimingPlan.
class BlockMaker {
 public:
  virtual ~BlockMaker() = default;
  virtual const SampleFacts& facts() const = 0;
  virtual const SampleCost& cost() const = 0;        ///< since construction
  virtual const SampleSeconds& seconds() const = 0;  ///< likewise
  /// The arrays of a block. `after_batch` gets the number of samples done since it was last called, and may throw to stop.
  virtual ArrayMap sample(const BlockRange& block, const std::function<void(std::uint32_t)>& after_batch) = 0;
};

/// The plan's model on the device of `placement`, in the plan's arithmetic. Errors as make_model's.
std::shared_ptr<Denoiser> load_denoiser(const Plan& plan, Placement placement);

/// Loads what the plan names, once a process. Errors as BlockSampler's.
std::unique_ptr<BlockMaker> make_block_maker(const Plan& plan, const Device& device);

}  // namespace alea
