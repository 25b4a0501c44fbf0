#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

#include "models/models.h"
#include "tests/support/plugins.h"
#include "tests/support/toy_fit.h"
#include "tests/unit/trajectory/recorder.h"
#include "trajectory/trajectory.h"

namespace alea {
namespace {

using test::code_of;
using test::Estimators;
using test::make;
using test::ToyFit;

constexpr int kImages = 64;

std::unique_ptr<Denoiser> gaussian() { return make(model_registry(), {{"kind", "toy_gaussian"}, {"std", 0.5}}); }

std::unique_ptr<SamplerFactory> sampler(const Denoiser& denoiser, const Json& options) {
  const SamplerContext context{denoiser.schedule(), 0};
  return make<SamplerFactory, const SamplerContext&>(sampler_registry(), options, context);
}

Estimators bayesdiff(const Denoiser& denoiser, const SamplerFactory& sampler, Json options, const ToyFit& fit) {
  options["kind"] = "bayesdiff";
  options["laplace"] = fit.path();
  const EstimatorContext context{.seed = 5, .n_steps = sampler.n_steps(), .model = &denoiser, .sampler = &sampler};
  Estimators out;
  out.push_back(make<EstimatorFactory, const EstimatorContext&>(estimator_registry(), options, context));
  return out;
}

struct Watched {
  TrajectoryResult result;
  at::Tensor variance;  ///< float64
};

Watched watch(Denoiser& denoiser, const Json& sampler_options, const Json& options, const ToyFit& fit, bool pack = true,
              std::uint64_t n_images = kImages) {
  const auto factory = sampler(denoiser, sampler_options);
  Watched out{run_trajectory(denoiser, *factory, bayesdiff(denoiser, *factory, options, fit), consecutive_ids(n_images), 3, pack),
              {}};
  out.variance = out.result.outputs.at(0).map.to(at::kDouble);
  return out;
}

/// A mean of independent numbers that should be zero, in its standard errors.
double z_of(const at::Tensor& differences) {
  return differences.mean().item<double>() / (differences.std().item<double>() / std::sqrt(differences.numel()));
}

struct Chain {
  int every = 1;
  double v_w = 0, v_b = 0;  ///< eps = c x + noise of variance c^2 x^2 v_w + v_b
  bool is_released = false;
  std::int64_t n_images = kImages;
};

/// BayesDiff's recursion for DDIM, S being infinite: where there is uncertainty V' = (a + b c)^2 V + b^2 g^2, as released without
/// b^2 c^2 V; else a^2 V.
at::Tensor exact_ddim_variance(Denoiser& denoiser, const Json& options, const Chain& chain) {
  const auto factory = sampler(denoiser, options);
  const Ids ids = consecutive_ids(chain.n_images);
  const auto run = factory->start(initial_noise(3, ids, denoiser.spec().shape), ids);
  at::Tensor variance = at::zeros({chain.n_images, 1, 8, 8}, at::kDouble);
  auto query = run->next();
  for (int i = 0; query; ++i) {
    const at::Tensor t = at::full({chain.n_images}, query->t.value, at::kFloat);
    const Prediction prediction = denoiser.predict({.x = query->x, .t = t, .ids = ids});
    const NoiseLevel here = run->view(prediction).level;
    run->feed(prediction);
    query = run->next();
    const NoiseLevel next = query ? denoiser.schedule().level(query->t) : NoiseLevel{};
    const double a = next.alpha / here.alpha, b = next.sigma - a * here.sigma;
    const double bc = b * here.sigma / (here.alpha * here.alpha * 0.25 + here.sigma * here.sigma);
    const at::Tensor g2 = prediction.eps.to(at::kDouble).square() * chain.v_w + chain.v_b;
    const bool is_uncertain = i % chain.every == 0;
    const double growth = a * a + (is_uncertain ? 2 * a * bc + (chain.is_released ? 0 : bc * bc) : 0);
    variance = variance * growth + g2 * (is_uncertain ? b * b : 0);
  }
  return variance;
}

TEST(BayesDiff, PropagatesTheClosedFormOfALinearChainThroughDdim) {
  const ToyFit fit(1, 99, 499);
  const auto denoiser = gaussian();
  const Json ddim{{"kind", "ddim"}, {"steps", 20}, {"clip", false}};
  for (const int every : {1, 3}) {
    const at::Tensor found = watch(*denoiser, ddim, {{"every", every}, {"draws", 20}}, fit).variance;
    const at::Tensor exact = exact_ddim_variance(*denoiser, ddim, {.every = every, .v_w = 1 / 100.0, .v_b = 1 / 500.0});
    EXPECT_LT((found / exact - 1).abs().max().item<double>(), 1e-4) << every;
  }
}

/// With one variance of eps everywhere the sampled path of a linear chain is normal about the deterministic one, with exactly the
/// variance that every sampler's moments must find.
TEST(BayesDiff, PropagatedVarianceIsThatOfSampledPaths) {
  const ToyFit fit(1, 1e12, 99);
  const auto denoiser = gaussian();
  for (const Json& options : {Json{{"kind", "ddim"}, {"steps", 12}, {"clip", false}},
                              Json{{"kind", "dpm_solver_2"}, {"steps", 16}}, Json{{"kind", "dpmpp_2m"}, {"steps", 16}}}) {
    const auto moments = watch(*denoiser, options, {{"every", 1}, {"draws", 30}}, fit);
    const auto sampled = watch(*denoiser, options, {{"every", 1}, {"draws", 30}, {"path", "sampled"}}, fit);
    const at::Tensor difference = (sampled.result.sample - moments.result.sample).to(at::kDouble);
    EXPECT_LT(std::abs(z_of(difference)), 4.5) << options.dump();
    EXPECT_LT(std::abs(z_of(difference.square() / moments.variance.mean() - 1)), 4.5)
        << options.dump() << ": " << (difference.square().mean() / moments.variance.mean()).item<double>();
    EXPECT_LT(std::abs(sampled.variance.mean().item<double>() / moments.variance.mean().item<double>() - 1), 0.03);
  }
}

TEST(BayesDiff, ReleasedMomentsLeaveOutTheVarianceOfTheMean) {
  const ToyFit fit(1, 1e12, 99);
  const auto denoiser = gaussian();
  const Json ddim{{"kind", "ddim"}, {"steps", 20}, {"clip", false}};
  const at::Tensor found =
      watch(*denoiser, ddim, {{"every", 1}, {"draws", 1000}, {"moments", "released"}}, fit, true, 16).variance;
  const at::Tensor exact = exact_ddim_variance(*denoiser, ddim, {.every = 1, .v_b = 0.01, .is_released = true, .n_images = 16});
  EXPECT_LT(std::abs(z_of(found / exact - 1)), 4.5) << (found / exact).mean().item<double>();
  EXPECT_LT((found / exact).std().item<double>() / std::sqrt(found.numel()), 0.02) << "the test has no power";
}

TEST(BayesDiff, CostsWhatTheReleasedCodeCostsAndSaysSo) {
  const ToyFit fit(1, 10, 10);
  const auto denoiser = gaussian();
  const Json ddim{{"kind", "ddim"}}, two{{"kind", "dpm_solver_2"}};
  EXPECT_EQ(watch(*denoiser, ddim, {}, fit, true, 2).result.cost.extra_nfe, 90u);
  EXPECT_EQ(watch(*denoiser, two, {{"moments", "released"}}, fit, true, 2).result.cost.extra_nfe, 80u);
  EXPECT_EQ(watch(*denoiser, two, {}, fit, true, 2).result.cost.extra_nfe, 90u);
  const auto factory = sampler(*denoiser, two);
  EXPECT_EQ(bayesdiff(*denoiser, *factory, {}, fit).front()->extra_nfe(), 90);
}

TEST(BayesDiff, WatchesWithoutChangingTheSampleUnlessThePathIsSampled) {
  const ToyFit fit(1, 10, 10);
  const auto denoiser = gaussian();
  for (const Json& options : {Json{{"kind", "ddim"}, {"steps", 10}}, Json{{"kind", "dpm_solver_2"}, {"steps", 10}}}) {
    const auto factory = sampler(*denoiser, options);
    const at::Tensor alone = run_trajectory(*denoiser, *factory, {}, consecutive_ids(3), 3).sample;
    EXPECT_TRUE(at::equal(watch(*denoiser, options, {}, fit, true, 3).result.sample, alone));
    EXPECT_FALSE(at::equal(watch(*denoiser, options, {{"path", "sampled"}}, fit, true, 3).result.sample, alone));
  }
}

TEST(BayesDiff, BitsDependOnNeitherPackingNorCompanions) {
  const ToyFit fit(1, 10, 10);
  const auto denoiser = make(model_registry(), {{"kind", "toy_mixture"}});
  for (const char* path : {"deterministic", "sampled"})
    for (const Json& options : {Json{{"kind", "ddim"}, {"steps", 10}}, Json{{"kind", "dpm_solver_2"}, {"steps", 10}},
                                Json{{"kind", "dpmpp_2m"}, {"steps", 10}}}) {
      const Json own{{"every", 2}, {"path", path}};
      const auto packed = watch(*denoiser, options, own, fit, true, 4), apart = watch(*denoiser, options, own, fit, false, 4);
      const auto fewer = watch(*denoiser, options, own, fit, true, 2);
      EXPECT_TRUE(at::equal(packed.variance, apart.variance)) << options.dump() << path;
      EXPECT_TRUE(at::equal(packed.result.sample, apart.result.sample)) << options.dump() << path;
      EXPECT_TRUE(at::equal(packed.variance.narrow(0, 0, 2), fewer.variance)) << options.dump() << path;
    }
}

TEST(BayesDiff, DrawnLayersComeNearTheExactPredictive) {
  const ToyFit fit(1, 10, 10);
  const auto denoiser = gaussian();
  const Json ddim{{"kind", "ddim"}, {"steps", 5}};
  const auto exact = watch(*denoiser, ddim, {{"every", 5}}, fit, true, 4);
  const auto drawn = watch(*denoiser, ddim, {{"every", 5}, {"weight_draws", 3000}}, fit, true, 4);
  EXPECT_LT((drawn.variance / exact.variance - 1).abs().max().item<double>(), 4.5 * std::sqrt(2.0 / 2999));
  EXPECT_FALSE(at::equal(drawn.variance, exact.variance));
}

TEST(BayesDiff, APriorPrecisionInTheConfigTakesThePlaceOfTheFits) {
  const ToyFit fit(1, 10, 10), other(1, 4, 4);
  const auto denoiser = gaussian();
  const Json ddim{{"kind", "ddim"}, {"steps", 5}};
  const auto a = watch(*denoiser, ddim, {{"prior_precision", 7}}, fit, true, 2);
  const auto b = watch(*denoiser, ddim, {{"prior_precision", 13}}, other, true, 2);
  EXPECT_TRUE(at::equal(a.variance, b.variance));
}

ErrorCode code_with(const Json& sampler_options, const Json& options, const ToyFit& fit) {
  const auto denoiser = gaussian();
  const auto factory = sampler(*denoiser, sampler_options);
  return code_of([&] { bayesdiff(*denoiser, *factory, options, fit); });
}

TEST(BayesDiff, RefusesWhatItCanNotPropagate) {
  const ToyFit fit(1, 10, 10), two_channels(2, 10, 10), of_other_weights(1, 10, 10, "abc");
  const Json ddim{{"kind", "ddim"}};
  for (const char* kind : {"heun", "plms", "ddpm", "dpmpp_2s", "uvit_fast", "flow_euler"})
    EXPECT_EQ(code_with({{"kind", kind}}, {}, fit), ErrorCode::config) << kind;
  EXPECT_EQ(code_with({{"kind", "ddim"}, {"eta", 0.5}}, {}, fit), ErrorCode::config);
  EXPECT_EQ(code_with(ddim, {}, two_channels), ErrorCode::config);
  EXPECT_EQ(code_with(ddim, {}, of_other_weights), ErrorCode::config);
  EXPECT_EQ(code_with(ddim, {{"weight_draws", 1}}, fit), ErrorCode::config);
  EXPECT_EQ(code_with(ddim, {{"draws", 1}}, fit), ErrorCode::config);
  EXPECT_EQ(code_with(ddim, {{"laplace_sha256", std::string(64, '0')}}, fit), ErrorCode::config);
}

TEST(BayesDiff, ResolutionFillsInTheFilesHashAndMissesAnAbsentFile) {
  const ToyFit fit(1, 10, 10);
  ConfigErrors errors;
  const Json resolved = estimator_registry().resolve({{"kind", "bayesdiff"}, {"laplace", fit.path()}}, "/estimators/2", errors);
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(resolved["laplace_sha256"], load_laplace_fit(fit.path()).sha256);
  estimator_registry().resolve({{"kind", "bayesdiff"}, {"laplace", "nowhere.safetensors"}}, "/estimators/2", errors);
  ASSERT_EQ(errors.items().size(), 1u);
  EXPECT_EQ(errors.items()[0].first, "/estimators/2/laplace");
}

}  // namespace
}  // namespace alea
