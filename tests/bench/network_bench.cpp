#include <ATen/Functions.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "models/nn/group_norm_silu.h"
#include "models/nn/unet.h"

namespace alea {
namespace {

constexpr std::int64_t kFloat32 = 0, kBfloat16 = 1;

at::ScalarType dtype_of(std::int64_t argument) { return argument == kBfloat16 ? at::kBFloat16 : at::kFloat; }

struct NormInputs {
  explicit NormInputs(at::ScalarType dtype = at::kFloat)
      : x(at::rand({100, 128, 14, 14}).to(dtype).contiguous(at::MemoryFormat::ChannelsLast)) {}
  at::Tensor x, scale = at::ones({128}), shift = at::zeros({128});
};

void BM_GroupNormSilu(benchmark::State& state) {
  const c10::InferenceMode inference;
  const NormInputs in(dtype_of(state.range(0)));
  const nn::FusedNorm call{.scale = in.scale, .shift = in.shift, .groups = 8};
  for (auto _ : state) benchmark::DoNotOptimize(nn::fused_group_norm(in.x, call));
  state.SetItemsProcessed(state.iterations() * in.x.numel());
}
BENCHMARK(BM_GroupNormSilu)->Arg(kFloat32)->Arg(kBfloat16)->UseRealTime();

void BM_GroupNormThenSilu(benchmark::State& state) {
  const c10::InferenceMode inference;
  const NormInputs in;
  for (auto _ : state) benchmark::DoNotOptimize(at::silu(at::group_norm(in.x, 8, in.scale, in.shift, 1e-6)));
  state.SetItemsProcessed(state.iterations() * in.x.numel());
}
BENCHMARK(BM_GroupNormThenSilu)->UseRealTime();

/// Arguments: channels, extent, dtype. What a network's 3x3 convolutions can reach; items are multiplications.
void BM_Convolution(benchmark::State& state) {
  const c10::InferenceMode inference;
  const auto channels = state.range(0), extent = state.range(1);
  const auto dtype = dtype_of(state.range(2));
  const auto x = at::rand({50, channels, extent, extent}).to(dtype).contiguous(at::MemoryFormat::ChannelsLast);
  const auto weight = at::rand({channels, channels, 3, 3}).to(dtype).contiguous(at::MemoryFormat::ChannelsLast);
  const auto bias = at::zeros({channels}).to(dtype);
  for (auto _ : state) benchmark::DoNotOptimize(at::conv2d(x, weight, bias, 1, 1));
  state.SetItemsProcessed(state.iterations() * x.numel() * channels * 9);
}
BENCHMARK(BM_Convolution)->ArgsProduct({{128}, {32}, {kFloat32, kBfloat16}})->UseRealTime();
BENCHMARK(BM_Convolution)->ArgsProduct({{256}, {16, 8}, {kFloat32, kBfloat16}})->UseRealTime();

nn::UnetOptions embedded() {
  return {.in_channels = 4,
          .out_channels = 4,
          .block_channels = {64, 128},
          .attention = {false, true},
          .layers_per_block = 1,
          .norm_groups = 8};
}

/// One network call; items are images.
void run_unet(benchmark::State& state, const nn::UnetOptions& options, std::int64_t extent, const Mode& mode = PlainMode{}) {
  const c10::InferenceMode inference;
  HashedSource source;
  PlacedSource placed(source, {.compute = dtype_of(state.range(1))});
  const nn::Unet unet(placed, options);
  const auto batch = state.range(0);
  const auto x = at::rand({batch, options.in_channels, extent, extent}), t = at::full({batch}, 500.0);
  const Ids ids = consecutive_ids(static_cast<std::size_t>(batch));
  for (auto _ : state) benchmark::DoNotOptimize(unet.forward(x, t, nn::DropoutSites(mode, ids)));
  state.SetItemsProcessed(state.iterations() * batch);
}

void BM_UnetStep(benchmark::State& state) { run_unet(state, embedded(), 14); }
BENCHMARK(BM_UnetStep)->ArgsProduct({{50, 100, 200}, {kFloat32, kBfloat16}})->UseRealTime();

/// google/ddpm-cifar10-32.
void BM_CifarUnetStep(benchmark::State& state) { run_unet(state, {}, 32); }
BENCHMARK(BM_CifarUnetStep)->ArgsProduct({{20}, {kFloat32, kBfloat16}})->UseRealTime();

/// A pass of MC-Dropout: at least 0.95 of the images/s of a plain step.
void BM_UnetStepDropout(benchmark::State& state) { run_unet(state, embedded(), 14, DropoutMode{.p = 0.1}); }
BENCHMARK(BM_UnetStepDropout)->ArgsProduct({{100}, {kFloat32}})->UseRealTime();

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
