#include <benchmark/benchmark.h>

#include <cstdint>
#include <numeric>
#include <vector>

#include "metrics/kid.h"
#include "tests/bench/normal_features.h"

namespace alea {
namespace {

/// As torch-fidelity: subsets of 1000 out of 10,000 rows.
void BM_Kid(benchmark::State& state) {
  const auto subsets = static_cast<std::uint32_t>(state.range(0));
  const std::size_t n = 10000, d = static_cast<std::size_t>(state.range(1));
  const auto real = normal_features(1, n, d), generated = normal_features(2, n, d);
  const KidOptions options{.subsets = subsets, .subset_size = 1000, .seed = 2020, .draw = KidOptions::Draw::numpy_legacy};
  KidSubsets estimate;
  for (auto _ : state) estimate = kid({real, n, d}, {generated, n, d}, options);
  state.counters["mean"] = estimate.mean;
}
BENCHMARK(BM_Kid)->Args({10, 128})->Args({100, 2048})->Unit(benchmark::kMillisecond);

void BM_KidInterval(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0)), d = static_cast<std::size_t>(state.range(1));
  const auto real = normal_features(1, n, d), generated = normal_features(2, n, d);
  std::vector<std::uint64_t> ids(n);
  std::iota(ids.begin(), ids.end(), std::uint64_t{0});
  for (auto _ : state) benchmark::DoNotOptimize(kid_interval({real, n, d}, {generated, n, d}, ids));
}
BENCHMARK(BM_KidInterval)->Args({2000, 128})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace alea
