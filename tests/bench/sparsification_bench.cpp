#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "core/big_buffers.h"
#include "metrics/sparsification.h"

namespace alea {
namespace {

/// Fractional parts of multiples of an irrational number: the peer in scripts/bench.d/ause makes the same floats.
std::vector<float> fractions(std::size_t n, double irrational) {
  std::vector<float> values(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double multiple = static_cast<double>(i) * irrational;
    values[i] = static_cast<float>(multiple - std::floor(multiple));
  }
  return values;
}

/// Elements of one pooled call: heteroscedastic errors with their scale as uncertainty.
void BM_Sparsify(benchmark::State& state) {
  keep_big_buffers();
  const auto n = static_cast<std::size_t>(state.range(0));
  const auto uncertainty = fractions(n, 0.6180339887498949);
  auto errors = fractions(n, 0.41421356237309515);
  for (std::size_t i = 0; i < n; ++i) errors[i] *= uncertainty[i];
  const auto convention = static_cast<Sparsification>(state.range(1));
  SparsificationResult result;
  for (auto _ : state)
    result = sparsify(std::span<const float>(errors), std::span<const float>(uncertainty), ErrorKind::rmse, convention);
  state.counters["ause"] = result.ause;
  state.counters["aurg"] = result.aurg;
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(n));
  state.SetLabel(sparsification_name(convention));
}
BENCHMARK(BM_Sparsify)
    ->Args({15'000'000, int(Sparsification::poggi50)})
    ->Args({15'000'000, int(Sparsification::exact)})
    ->Args({784, int(Sparsification::exact)})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace alea
