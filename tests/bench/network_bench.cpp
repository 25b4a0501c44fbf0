#include <ATen/Functions.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "models/nn/group_norm_silu.h"
#include "models/nn/unet.h"

namespace alea {
namespace {

struct NormInputs {
  at::Tensor x = at::rand({100, 128, 14, 14}).contiguous(at::MemoryFormat::ChannelsLast);
  at::Tensor scale = at::ones({128}), shift = at::zeros({128});
};

void BM_GroupNormSilu(benchmark::State& state) {
  const c10::InferenceMode inference;
  const NormInputs in;
  for (auto _ : state) benchmark::DoNotOptimize(nn::group_norm_silu(in.x, 8, in.scale, in.shift, 1e-6));
  state.SetItemsProcessed(state.iterations() * in.x.numel());
}
BENCHMARK(BM_GroupNormSilu)->UseRealTime();

void BM_GroupNormThenSilu(benchmark::State& state) {
  const c10::InferenceMode inference;
  const NormInputs in;
  for (auto _ : state) benchmark::DoNotOptimize(at::silu(at::group_norm(in.x, 8, in.scale, in.shift, 1e-6)));
  state.SetItemsProcessed(state.iterations() * in.x.numel());
}
BENCHMARK(BM_GroupNormThenSilu)->UseRealTime();

/// One network call of the embedded architecture; items are images.
void unet_step(benchmark::State& state, const Mode& mode) {
  const c10::InferenceMode inference;
  HashedSource source;
  const nn::Unet unet(source, {.in_channels = 4,
                               .out_channels = 4,
                               .block_channels = {64, 128},
                               .attention = {false, true},
                               .layers_per_block = 1,
                               .norm_groups = 8});
  const auto batch = state.range(0);
  const auto x = at::rand({batch, 4, 14, 14}), t = at::full({batch}, 500.0);
  const Ids ids = consecutive_ids(static_cast<std::uint64_t>(batch));
  for (auto _ : state) benchmark::DoNotOptimize(unet.forward(x, t, nn::DropoutSites(mode, ids)));
  state.SetItemsProcessed(state.iterations() * batch);
}

void BM_UnetStep(benchmark::State& state) { unet_step(state, PlainMode{}); }
BENCHMARK(BM_UnetStep)->Arg(50)->Arg(100)->Arg(200)->UseRealTime();

/// A pass of MC-Dropout: at least 0.95 of the images/s of a plain step.
void BM_UnetStepDropout(benchmark::State& state) { unet_step(state, DropoutMode{.p = 0.1}); }
BENCHMARK(BM_UnetStepDropout)->Arg(100)->UseRealTime();

/// The masks of one site alone; items are elements.
void BM_DropoutSite(benchmark::State& state) {
  const c10::InferenceMode inference;
  const at::Tensor x = NormInputs().x;
  const Ids ids = consecutive_ids(100);
  const Mode mode = DropoutMode{.p = 0.1};
  for (auto _ : state) benchmark::DoNotOptimize(nn::DropoutSites(mode, ids).apply(x, 0));
  state.SetItemsProcessed(state.iterations() * x.numel());
}
BENCHMARK(BM_DropoutSite)->UseRealTime();

}  // namespace
}  // namespace alea
