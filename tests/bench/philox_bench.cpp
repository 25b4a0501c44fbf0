#include <benchmark/benchmark.h>

#include <cstdint>
#include <span>
#include <vector>

#include "core/philox.h"

namespace alea {
namespace {

template <class T>
void run_fill(benchmark::State& state, void (*fill)(const DrawKey&, std::span<T>)) {
  std::vector<T> out(static_cast<std::size_t>(state.range(0)));
  DrawKey key{.seed = 1};
  for (auto _ : state) {
    fill(key, out);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
    ++key.id;
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * state.range(0) * static_cast<std::int64_t>(sizeof(T)));
}

void philox_words(benchmark::State& state) { run_fill<std::uint32_t>(state, fill_words); }
void philox_normals(benchmark::State& state) { run_fill<float>(state, fill_normal); }
void philox_uniforms(benchmark::State& state) { run_fill<float>(state, fill_uniform); }
void philox_permutation(benchmark::State& state) { run_fill<std::uint32_t>(state, fill_permutation); }

// One image of 28x28, one of 3x32x32, and one of 3x256x256.
BENCHMARK(philox_words)->Arg(784)->Arg(3072)->Arg(196608);
BENCHMARK(philox_normals)->Arg(784)->Arg(3072)->Arg(196608);
BENCHMARK(philox_uniforms)->Arg(784)->Arg(3072)->Arg(196608);
BENCHMARK(philox_permutation)->Arg(50000);

}  // namespace
}  // namespace alea
