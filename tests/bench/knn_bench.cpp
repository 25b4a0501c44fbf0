#include <benchmark/benchmark.h>

#include <cstdint>
#include <numeric>
#include <vector>

#include "metrics/neighbours.h"
#include "metrics/precision_recall.h"
#include "tests/bench/normal_features.h"

namespace alea {
namespace {

/// Precision, recall, density and coverage of n + n rows, k = 5, as prdc. Second argument: 1 with the jackknife.
void BM_PrecisionRecall(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0)), d = static_cast<std::size_t>(state.range(1));
  const auto real = normal_features(1, n, d), generated = normal_features(2, n, d);
  std::vector<std::uint64_t> ids(state.range(2) != 0 ? n : 0);
  std::iota(ids.begin(), ids.end(), std::uint64_t{0});
  ManifoldMetrics metrics;
  for (auto _ : state) {
    metrics = manifold_metrics({real, n, d}, {generated, n, d}, ids, {.k = 5, .rim = ManifoldOptions::Rim::open});
  }
  state.counters["precision"] = metrics.precision.value;
  state.counters["recall"] = metrics.recall.value;
  state.counters["density"] = metrics.density.value;
  state.counters["coverage"] = metrics.coverage.value;
  state.counters["recomputed_rows"] = static_cast<double>(metrics.recomputed_rows);
}
BENCHMARK(BM_PrecisionRecall)
    ->Args({2000, 128, 0})
    ->Args({10000, 2048, 0})
    ->Args({10000, 2048, 1})
    ->Unit(benchmark::kMillisecond);

void BM_NearestNeighbours(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0)), d = static_cast<std::size_t>(state.range(1));
  const auto values = normal_features(3, n, d);
  for (auto _ : state) benchmark::DoNotOptimize(nearest_neighbours({values, n, d}, 5));
}
BENCHMARK(BM_NearestNeighbours)->Args({2000, 128})->Args({10000, 64})->Unit(benchmark::kMillisecond);

/// A generator that makes one image only: every pair of distances is a tie.
void BM_NearestNeighboursCollapsed(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0)), d = static_cast<std::size_t>(state.range(1));
  const std::vector<float> values(n * d, 0.3F);
  for (auto _ : state) benchmark::DoNotOptimize(nearest_neighbours({values, n, d}, 5));
}
BENCHMARK(BM_NearestNeighboursCollapsed)->Args({10000, 64})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace alea
