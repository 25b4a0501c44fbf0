#include "uncertainty/laplace.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/log.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/files.h"
#include "models/weights.h"
#include "tests/support/plugins.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using test::code_of;

at::Tensor normals(std::uint64_t seed, at::IntArrayRef shape) {
  at::Tensor x = at::empty(shape, at::kFloat);
  fill_normal({.seed = seed}, {x.mutable_data_ptr<float>(), static_cast<std::size_t>(x.numel())});
  return x;
}

/// 2 channels from 3 by a 3 x 3 convolution.
const LastLayer kLayer{normals(1, {2, 3, 3, 3}), normals(2, {2}), 1};
const LaplaceFit kFit{.weight_curvature = normals(3, {2, 3, 3, 3}).square() * 20,
                      .bias_curvature = normals(4, {2}).square() * 20,
                      .prior_precision = 4,
                      .facts = {{"weights_sha256", "abc"}}};

/// Term by term: sum over d, i, j of phi_d(p + (i, j))^2 / (curvature + prior), and the bias's.
double variance_at(const at::Tensor& phi, int c, int y, int x, double prior) {
  double sum = 1 / (kFit.bias_curvature[c].item<double>() + prior);
  for (int d = 0; d < 3; ++d)
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j) {
        const int from_y = y + i - 1, from_x = x + j - 1;
        if (from_y < 0 || from_x < 0 || from_y >= phi.size(1) || from_x >= phi.size(2)) continue;
        const double value = phi[d][from_y][from_x].item<double>();
        sum += value * value / (kFit.weight_curvature[c][d][i][j].item<double>() + prior);
      }
  return sum;
}

TEST(LastLayerPosterior, PredictiveVarianceIsTheSumOverWeightsAndBias) {
  const at::Tensor phi = normals(5, {2, 3, 4, 5});
  for (const std::optional<double> prior : {std::optional<double>{}, std::optional<double>{0.5}}) {
    const Predictive exact = LastLayerPosterior(kLayer, kFit, prior).exact(phi);
    EXPECT_EQ(exact.shift.abs().max().item<double>(), 0);
    for (int b = 0; b < 2; ++b)
      for (int c = 0; c < 2; ++c)
        for (const auto& [y, x] : {std::pair{0, 0}, {2, 3}, {3, 4}})
          EXPECT_NEAR(exact.variance[b][c][y][x].item<double>(), variance_at(phi[b], c, y, x, prior.value_or(4)), 1e-12);
  }
}

TEST(LastLayerPosterior, DrawsHaveTheExactMomentsWithinTheirError) {
  constexpr int kDraws = 4000;
  const at::Tensor phi = normals(5, {1, 3, 4, 5});
  const LastLayerPosterior posterior(kLayer, kFit);
  const Predictive exact = posterior.exact(phi), drawn = posterior.drawn(phi, {.seed = 7, .stream = Stream::laplace}, kDraws);
  const double mean_z = (drawn.shift / (exact.variance / kDraws).sqrt()).abs().max().item<double>();
  const double variance_z = ((drawn.variance / exact.variance - 1) / std::sqrt(2.0 / (kDraws - 1))).abs().max().item<double>();
  EXPECT_LT(mean_z, 4.5);
  EXPECT_LT(variance_z, 4.5);
  const Predictive three = posterior.drawn(phi, {.seed = 7, .stream = Stream::laplace}, 3);
  at::Tensor sum = at::zeros({1, 2, 4, 5}, at::kDouble), squares = sum;
  for (int k = 0; k < 3; ++k) {
    const at::Tensor shift = evaluate_last_layer(posterior.draw({.seed = 7, .stream = Stream::laplace}, k), phi);
    sum = sum + shift;
    squares = squares + shift * shift;
  }
  EXPECT_LT((three.shift - sum / 3).abs().max().item<double>(), 1e-12);
  EXPECT_LT((three.variance - (squares - sum * sum / 3) / 2).abs().max().item<double>(), 1e-12);
  EXPECT_EQ(code_of([&] { posterior.drawn(phi, {}, 1); }), ErrorCode::domain);
}

TEST(LastLayerPosterior, RefusesAFitOfAnotherLayer) {
  LaplaceFit other = kFit;
  other.weight_curvature = normals(3, {2, 4, 3, 3}).square();
  EXPECT_EQ(code_of([&] { LastLayerPosterior(kLayer, other); }), ErrorCode::config);
}

/// log evidence up to what doesn't depend on the prior: P/2 log delta - delta |theta|^2 / 2 - 1/2 sum log(h + delta).
double log_evidence(double delta) {
  const auto log_sum = [&](const at::Tensor& h) { return at::log(h.to(at::kDouble) + delta).sum().item<double>(); };
  const auto energy = [](const at::Tensor& x) { return x.to(at::kDouble).square().sum().item<double>(); };
  const double n = static_cast<double>(kLayer.weight.numel() + kLayer.bias.numel());
  return n / 2 * std::log(delta) - delta / 2 * (energy(kLayer.weight) + energy(kLayer.bias)) -
         (log_sum(kFit.weight_curvature) + log_sum(kFit.bias_curvature)) / 2;
}

TEST(EvidencePrecision, IsWhereTheEvidenceIsHighest) {
  const double best = evidence_precision(kLayer, kFit.weight_curvature, kFit.bias_curvature);
  EXPECT_GT(log_evidence(best), log_evidence(best * 1.05));
  EXPECT_GT(log_evidence(best), log_evidence(best / 1.05));
  const at::Tensor none = at::zeros({2, 3, 3, 3});
  EXPECT_EQ(code_of([&] { evidence_precision(kLayer, none, at::zeros({2})); }), ErrorCode::domain);
}

class LaplaceFile : public ::testing::Test {
 protected:
  fs::path path() const { return folder_ / "fit.safetensors"; }
  ErrorCode code_with(const WeightMap& tensors, const std::map<std::string, std::string>& metadata) const {
    save_weights(path(), tensors, StoredAs::f32, metadata);
    return code_of([&] { load_laplace_fit(path()); });
  }
  testing::TemporaryFolder folder_;
};

TEST_F(LaplaceFile, HoldsCurvaturePriorAndFacts) {
  save_laplace_fit(path(), kFit);
  const LaplaceFit fit = load_laplace_fit(path(), sha256_file(path()));
  EXPECT_TRUE(at::equal(fit.weight_curvature, kFit.weight_curvature));
  EXPECT_TRUE(at::equal(fit.bias_curvature, kFit.bias_curvature));
  EXPECT_EQ(fit.prior_precision, 4);
  EXPECT_EQ(fit.facts.at("weights_sha256"), "abc");
  EXPECT_EQ(fit.sha256, sha256_file(path()));
}

TEST_F(LaplaceFile, RefusesWhatIsNone) {
  EXPECT_EQ(code_of([&] { load_laplace_fit(path()); }), ErrorCode::io);
  save_laplace_fit(path(), kFit);
  EXPECT_EQ(code_of([&] { load_laplace_fit(path(), std::string(64, 'a')); }), ErrorCode::data);
  const at::Tensor ones = at::ones({2});
  const std::map<std::string, std::string> sound{{"format", "alea laplace 1"}, {"prior_precision", "1"}, {"weights_sha256", ""}};
  auto precision = sound, format = sound;
  precision["prior_precision"] = "-1";
  format["format"] = "alea laplace 9";
  EXPECT_EQ(code_with({{"w", ones}}, {}), ErrorCode::data);
  EXPECT_EQ(code_with({{"curvature.weight", ones}}, sound), ErrorCode::data);
  EXPECT_EQ(code_with({{"curvature.weight", -ones}, {"curvature.bias", ones}}, sound), ErrorCode::data);
  EXPECT_EQ(code_with({{"curvature.weight", ones / 0}, {"curvature.bias", ones}}, sound), ErrorCode::data);
  EXPECT_EQ(code_with({{"curvature.weight", ones}, {"curvature.bias", ones}}, precision), ErrorCode::data);
  EXPECT_EQ(code_with({{"curvature.weight", ones}, {"curvature.bias", ones}}, format), ErrorCode::data);
}

}  // namespace
}  // namespace alea
