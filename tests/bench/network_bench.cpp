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
void BM_UnetStep(benchmark::State& state) {
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
  const Mode plain = PlainMode{};
  for (auto _ : state) benchmark::DoNotOptimize(unet.forward(x, t, nn::DropoutSites(plain, {})));
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(BM_UnetStep)->Arg(50)->Arg(100)->Arg(200)->UseRealTime();

}  // namespace
}  // namespace alea
