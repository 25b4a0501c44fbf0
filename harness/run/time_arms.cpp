#include "run/time_arms.h"

#include <algorithm>

#include "core/error.h"
#include "core/files.h"
#include "core/provenance.h"
#include "models/denoiser.h"
#include "models/placement.h"
#include "protocols/array_names.h"
#include "run/peak_memory.h"
#include "run/sample_block.h"
#include "run/signals.h"
#include "run/threads.h"

namespace alea {
namespace {

Plan plan_of(const Plan& plan, const TimedArm& arm) {
  Plan out = plan;
  out.estimators = arm.estimators;
  out.n_samples = plan.timing->images;
  out.timing.reset();
  return out;
}

std::vector<std::uint8_t> characters(const std::string& text) { return {text.begin(), text.end()}; }

struct Timed {
  double seconds = 0;
  ArrayMap arrays;
};

}  // namespace

Json machine_of(const Device& device) {
  const Json all = circumstances();
  return {{"cpu", all.at("cpu")},
          {"usable_cores", all.at("usable_cores")},
          {"threads", threads_in_use()},
          {"device", circumstances_of(device)}};
}

struct ArmTimer::Parts {
  struct Arm {
    BlockSampler sampler;
    std::optional<PeakMemory> peak = {};  ///< nothing: not warmed up yet
  };

  TimingPlan timing;
  at::Device device = at::kCPU;
  std::string machine;
  std::vector<Arm> arms;
  SampleCost cost;

  Timed generate(Arm& arm) {
    wait_for(device);
    const double started = monotonic_seconds();
    Timed out;
    out.arrays = arm.sampler.sample({0, 0, static_cast<std::uint32_t>(timing.images)}, [](std::uint32_t) { throw_if_stopped(); });
    wait_for(device);
    out.seconds = monotonic_seconds() - started;
    return out;
  }

  PeakMemory warm_up(Arm& arm) {
    for (std::uint32_t i = 1; i < timing.warm_up; ++i) generate(arm);
    const PeakMemoryWatch watch(device);
    generate(arm);
    return watch.peak();
  }
};

ArmTimer::ArmTimer(const Plan& plan, const Device& device) : parts_(std::make_unique<Parts>()) {
  ALEA_CHECK(plan.timing.has_value(), "nothing to time");
  auto& p = *parts_;
  p.timing = *plan.timing;
  p.machine = json_sha256(machine_of(device));
  const Placement placement = placement_on(device);
  p.device = placement.device;
  const auto denoiser = load_denoiser(plan, placement);
  for (const TimedArm& arm : p.timing.arms) p.arms.push_back({BlockSampler(plan_of(plan, arm), denoiser)});
}

ArmTimer::~ArmTimer() = default;

const SampleFacts& ArmTimer::facts() const { return parts_->arms.front().sampler.facts(); }

const SampleCost& ArmTimer::cost() const {
  parts_->cost = {};
  for (const auto& arm : parts_->arms) parts_->cost += arm.sampler.cost();
  return parts_->cost;
}

const SampleSeconds& ArmTimer::seconds() const { return parts_->arms.front().sampler.seconds(); }

ArrayMap ArmTimer::sample(const BlockRange& block, const std::function<void(std::uint32_t)>& after_batch) {
  ALEA_CHECK(block.count == 1, "{} measurements in one block", block.count);
  auto& p = *parts_;
  auto& arm = p.arms.at(measurement(block.first, p.arms.size()).arm);
  if (!arm.peak) arm.peak = p.warm_up(arm);
  const Timed timed = p.generate(arm);
  const auto finite = timed.arrays.at(array_names::kFinite).as<std::uint8_t>();
  const auto non_finite = static_cast<std::uint64_t>(std::ranges::count(finite, 0));
  const auto hash = [](const std::string& hex) { return make_array<std::uint8_t>(characters(hex), {1, hex.size()}); };
  if (after_batch) after_batch(1);
  return {{array_names::kIds, make_array<std::uint64_t>(std::vector<std::uint64_t>{block.first}, {1})},
          {array_names::kFinite, make_array<std::uint8_t>(std::vector<std::uint8_t>{non_finite == 0}, {1})},
          {timing_arrays::kSeconds, make_array<double>(std::vector<double>{timed.seconds}, {1})},
          {timing_arrays::kPeakMemory,
           make_array<std::uint64_t>(std::vector<std::uint64_t>{arm.peak->resident, arm.peak->device}, {1, 2})},
          {timing_arrays::kNonFinite, make_array<std::uint64_t>(std::vector<std::uint64_t>{non_finite}, {1})},
          {timing_arrays::kImagesSha256, hash(sha256_hex(timed.arrays.at(array_names::kImages).bytes))},
          {timing_arrays::kMachine, hash(p.machine)}};
}

}  // namespace alea
