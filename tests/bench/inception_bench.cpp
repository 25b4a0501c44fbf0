#include <ATen/Functions.h>
#include <benchmark/benchmark.h>

#include <cmath>

#include "core/big_buffers.h"
#include "models/nn/inception.h"
#include "models/preprocess.h"

namespace alea {
namespace {

/// From 32x32 uint8 images in memory to features, logits and spatial features, each image prepared alone as `alea metrics` does;
/// items are images.
void BM_Inception(benchmark::State& state) {
  keep_big_buffers();
  HashedSource source(std::sqrt(6.0));
  nn::Inception network(source, {});
  const EncoderOptions options;
  const auto batch = state.range(0);
  const at::Tensor images = at::randint(0, 256, {batch, 3, 32, 32}).to(at::kByte);
  const auto encode = [&] {
    std::vector<at::Tensor> prepared;
    for (std::int64_t i = 0; i < batch; ++i) prepared.push_back(preprocess_images(images.narrow(0, i, 1), options));
    return network.forward(at::cat(prepared));
  };
  encode();  // lays the weights out
  for (auto _ : state) benchmark::DoNotOptimize(encode());
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(BM_Inception)->Arg(4)->Arg(8)->Arg(16)->Arg(32)->UseRealTime()->MinTime(2.0);

}  // namespace
}  // namespace alea
