#include <benchmark/benchmark.h>

#include <cmath>

#include "core/big_buffers.h"
#include "core/philox.h"
#include "metrics/sparsification.h"

namespace alea {
namespace {

/// Elements of one pooled call: heteroscedastic errors with their scale as uncertainty.
void BM_Sparsify(benchmark::State& state) {
  keep_big_buffers();
  const auto n = static_cast<std::size_t>(state.range(0));
  std::vector<float> errors(n), uncertainty(n);
  fill_normal({.seed = 1, .id = 1}, errors);
  fill_uniform({.seed = 1, .id = 2}, uncertainty);
  for (std::size_t i = 0; i < n; ++i) errors[i] = std::abs(errors[i]) * uncertainty[i];
  const auto convention = static_cast<Sparsification>(state.range(1));
  for (auto _ : state)
    benchmark::DoNotOptimize(
        sparsify(std::span<const float>(errors), std::span<const float>(uncertainty), ErrorKind::rmse, convention));
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
