#include <benchmark/benchmark.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "metrics/frechet.h"
#include "metrics/selection.h"
#include "tests/bench/normal_features.h"

namespace alea {
namespace {

std::vector<float> bench_features(std::uint64_t seed, std::size_t n, std::size_t d) {
  auto values = normal_features(seed, n, d);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] /= std::sqrt(1.0F + static_cast<float>(i % d));
  return values;
}

Gaussian bench_gaussian(std::uint64_t seed, std::size_t n, std::size_t d) {
  const auto values = bench_features(seed, n, d);
  return fit_gaussian(FeatureView{values, n, d});
}

/// Root of the reference and eigenvalues of the product, as a peer's frechet_distance(mu1, sigma1, mu2, sigma2).
void BM_FrechetDistance(benchmark::State& state) {
  const auto d = static_cast<std::size_t>(state.range(0));
  const Gaussian a = bench_gaussian(1, 2 * d, d), b = bench_gaussian(2, 2 * d, d);
  for (auto _ : state) benchmark::DoNotOptimize(frechet_distance(a, b));
}
BENCHMARK(BM_FrechetDistance)->Arg(128)->Arg(2048)->Unit(benchmark::kMillisecond);

/// One more sample against a reference whose root is at hand: what a jackknife group costs.
void BM_FrechetFromReference(benchmark::State& state) {
  const auto d = static_cast<std::size_t>(state.range(0));
  const FrechetReference reference(bench_gaussian(1, 2 * d, d));
  const Gaussian sample = bench_gaussian(2, 2 * d, d);
  for (auto _ : state) benchmark::DoNotOptimize(reference.distance(sample));
}
BENCHMARK(BM_FrechetFromReference)->Arg(128)->Arg(2048)->Unit(benchmark::kMillisecond);

void BM_FitGaussian(benchmark::State& state) {
  const auto d = static_cast<std::size_t>(state.range(0));
  const std::size_t n = 10000;
  const auto values = bench_features(3, n, d);
  for (auto _ : state) benchmark::DoNotOptimize(fit_gaussian(FeatureView{values, n, d}));
}
BENCHMARK(BM_FitGaussian)->Arg(128)->Arg(2048)->Unit(benchmark::kMillisecond);

/// 20 random subsets of five sixths of n samples at d = 128, each with its 32 leave-one-group-out distances.
void BM_RandomSubsets(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const std::size_t d = 128;
  const auto values = bench_features(4, n, d);
  std::vector<std::uint64_t> ids(n);
  std::iota(ids.begin(), ids.end(), std::uint64_t{0});
  const FrechetReference reference(bench_gaussian(5, 2000, d));
  const FilteringAnalysis analysis(FeatureView{values, n, d}, ids, reference);
  for (auto _ : state) benchmark::DoNotOptimize(analysis.random(n * 5 / 6, 1, 20));
}
BENCHMARK(BM_RandomSubsets)->Arg(600)->Arg(12000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace alea
