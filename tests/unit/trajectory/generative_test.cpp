#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log.h>
#include <ATen/ops/stack.h>
#include <gtest/gtest.h>

#include "tests/support/toy_fit.h"
#include "tests/unit/trajectory/recorder.h"
#include "trajectory/trajectory.h"

namespace alea {
namespace {

using test::make;
using test::ToyFit;

constexpr int kSteps = 8, kCompanions = 4;
const Ids kIds{4, 7};

test::Estimators generative(const Denoiser& denoiser, const SamplerFactory& sampler, const ToyFit& fit) {
  const Json options{{"kind", "generative"}, {"laplace", fit.path()}, {"companions", kCompanions}, {"likelihood_variance", 0.02}};
  const EstimatorContext context{.seed = 5, .n_steps = sampler.n_steps(), .model = &denoiser, .sampler = &sampler};
  test::Estimators out;
  out.push_back(make<EstimatorFactory, const EstimatorContext&>(estimator_registry(), options, context));
  return out;
}

/// DDIM by hand with the noise of one drawn layer, eps + weight eps + bias, at every step.
at::Tensor sample_of(Denoiser& denoiser, const LastLayer& drawn) {
  at::Tensor x = initial_noise(3, kIds, denoiser.spec().shape).to(at::kDouble);
  for (int i = 0; i < kSteps; ++i) {
    const double t = 125 * (kSteps - 1 - i);
    const Prediction said = denoiser.predict({.x = x.to(at::kFloat), .t = at::full({2}, t, at::kFloat), .ids = kIds});
    const at::Tensor eps = said.eps.to(at::kDouble) * (1 + drawn.weight.item<double>()) + drawn.bias.item<double>();
    const NoiseLevel here = denoiser.schedule().level({t});
    const NoiseLevel next = i + 1 == kSteps ? NoiseLevel{} : denoiser.schedule().level({t - 125});
    const at::Tensor x0 = ((x - eps * here.sigma) / here.alpha).clamp(-1, 1);
    x = x0 * next.alpha + eps * next.sigma;
  }
  return x;
}

TEST(Generative, IsTheSpreadOfWholeImagesWithEachDrawnLayerHeldFixed) {
  const ToyFit fit(1, 9, 99);
  const auto toy = make(model_registry(), Json{{"kind", "toy_mixture"}, {"height", 3}, {"width", 4}});
  const auto ddim = test::ddim(*toy, kSteps);
  const auto result = run_trajectory(*toy, *ddim, generative(*toy, *ddim, fit), kIds, 3);
  const LastLayerPosterior posterior(*toy->last_layer(), load_laplace_fit(fit.path()));
  std::vector<at::Tensor> samples;
  for (int k = 0; k < kCompanions; ++k)
    samples.push_back(sample_of(*toy, posterior.draw({.seed = 5, .stream = Stream::laplace, .step = 65535}, k)));
  const at::Tensor variance = at::stack(samples).var(0, true), entropy = at::log(1 + variance / 0.02) / 2;
  ASSERT_EQ(result.outputs.size(), 2u);
  EXPECT_LT((result.outputs[0].map - variance).abs().max().item<double>(), 1e-4 * variance.max().item<double>());
  EXPECT_LT((result.outputs[1].map - entropy).abs().max().item<double>(), 1e-3 * entropy.max().item<double>());
  EXPECT_EQ(result.cost.base_nfe, static_cast<std::uint64_t>(kSteps));
  EXPECT_EQ(result.cost.extra_nfe, static_cast<std::uint64_t>(kSteps * kCompanions));
}

TEST(Generative, LeavesTheSamplersOwnImageAlone) {
  const ToyFit fit(1, 9, 99);
  const auto toy = make(model_registry(), Json{{"kind", "toy_mixture"}, {"height", 3}, {"width", 4}});
  const auto ddim = test::ddim(*toy, kSteps);
  EXPECT_TRUE(at::equal(run_trajectory(*toy, *ddim, generative(*toy, *ddim, fit), kIds, 3).sample,
                        run_trajectory(*toy, *ddim, {}, kIds, 3).sample));
}

}  // namespace
}  // namespace alea
