#include "run/session_cost.h"

#include "run/device.h"
#include "run/ledger.h"
#include "run/runner.h"
#include "run/sample_block.h"
#include "run/threads.h"
#include "run/time_arms.h"

namespace alea {
namespace {

/// What the network was asked for in the session, of all its images.
Json session_nfe(const SampleCost& cost) {
  return {{"base", cost.base_nfe}, {"extra", cost.extra_nfe}, {"guide", cost.guide_nfe}, {"padded", cost.padded}};
}

/// The same in floating-point operations, and what decoding took; null where the model's layers aren't known.
Json session_flops(const SampleFacts& facts, const SampleCost& cost) {
  if (!facts.flops.known()) return nullptr;
  const auto of = [&](std::uint64_t nfe) { return facts.flops.prediction * (nfe / static_cast<std::uint64_t>(facts.forwards)); };
  return {{"base", of(cost.base_nfe)},
          {"extra", of(cost.extra_nfe)},
          {"guide", of(cost.guide_nfe)},
          {"decoding", facts.flops.decoding * cost.decoded}};
}

}  // namespace

void note_circumstances(LedgerSession& session, const BlockMaker& maker, const Plan& plan, const RunOptions& options) {
  const bool is_cpu = options.device.kind == Device::Kind::cpu;  // a GPU answers later than it is asked
  session.set("threads", threads_in_use());
  session.set("device", circumstances_of(options.device));
  session.set("shard", fmt::format("{}/{}", options.shard, options.n_shards));
  session.set("nfe", session_nfe(maker.cost()));
  session.set("flops", session_flops(maker.facts(), maker.cost()));
  session.set("generation_seconds", is_cpu && !plan.timing ? generation_seconds_json(maker.seconds()) : Json());
  if (!plan.timing) return;
  const Json machine = machine_of(options.device);
  session.set("machine", {{"sha256", json_sha256(machine)}, {"is", machine}});
}

}  // namespace alea
