#pragma once

#include <memory>
#include <vector>

#include "core/config.h"
#include "run/block_maker.h"
#include "run/device.h"

namespace alea {

/// What a measurement depends on beside the config: {cpu, usable_cores, threads, device}. Equal on machines of one kind.
Json machine_of(const Device& device);

/// Times whole generations of a plan's arms: one network, and for each arm a BlockSampler of its own, so that arms share nothing
/// but weights. A measurement lasts from the first start point to the last image in the CPU's memory, the device waited for
/// before and after; an arm is warmed up before its first in this process, and there shows its peak memory.
class ArmTimer final : public BlockMaker {
 public:
  /// Errors as BlockSampler's. Error{internal} for a plan without a TimingPlan.
  ArmTimer(const Plan& plan, const Device& device);
  ~ArmTimer() override;

  const SampleFacts& facts() const override;      ///< of the first arm
  const SampleCost& cost() const override;        ///< of all arms, warming up included
  const SampleSeconds& seconds() const override;  ///< of the first arm, likewise
  /// One measurement (timing_arrays). Error{interrupted} between two micro-batches once a signal came.
  ArrayMap sample(const BlockRange& block, const std::function<void(std::uint32_t)>& after_batch) override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace alea
