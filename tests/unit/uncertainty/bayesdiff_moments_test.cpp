#include "uncertainty/bayesdiff_moments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/plugins.h"

namespace alea {
namespace {

/// A jointly normal variable as its coefficients of independent standard normals: variances and covariances are dot products.
using Normal = std::vector<double>;

Normal combine(double a, const Normal& x, double b, const Normal& y) {
  Normal out(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) out[i] = a * x[i] + b * y[i];
  return out;
}

double covariance(const Normal& x, const Normal& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

at::Tensor one(double value) { return at::full({1, 1, 1, 1}, value, at::kDouble); }

/// x' = a x + b eps + c m with eps = slope x + spread xi, xi fresh: what propagate() must find, exactly.
TEST(Propagate, EqualsTheAlgebraOfJointlyNormalVariables) {
  const NoiseLevel level{0.8, 0.6};
  const LinearStep step{.from = 0, .x = 1.3, .eps = -0.45, .memory = -0.2};
  for (const double slope : {0.9, -0.5, 0.0}) {
    const double spread = 0.4;
    // m before sees x and a normal of its own; eps sees m through x alone.
    const Normal x{0.7, 0, 0}, m{0.5, 0.3, 0}, fresh{0, 0, 1};
    const Normal eps = combine(slope, x, spread, fresh);
    const Normal x_after = combine(1, combine(step.x, x, step.eps, eps), step.memory, m);
    const Normal m_after = combine(1 / level.alpha, x, -level.sigma / level.alpha, eps);
    const PathMoments after =
        propagate({one(0.1), one(covariance(x, x)), one(-0.3), one(covariance(m, m)), one(covariance(x, m))}, step, level,
                  {one(0.2), one(covariance(eps, eps)), one(covariance(x, eps))});
    EXPECT_NEAR(after.variance.item<double>(), covariance(x_after, x_after), 1e-14);
    EXPECT_NEAR(after.memory_variance.item<double>(), covariance(m_after, m_after), 1e-14);
    EXPECT_NEAR(after.memory_covariance.item<double>(), covariance(x_after, m_after), 1e-14);
    EXPECT_NEAR(after.shift.item<double>(), 1.3 * 0.1 - 0.45 * 0.2 + 0.2 * 0.3, 1e-14);
    EXPECT_NEAR(after.memory_shift.item<double>(), (0.1 - 0.6 * 0.2) / 0.8, 1e-14);
  }
}

TEST(Propagate, AKnownXGetsTheVarianceOfEpsAlone) {
  const PathMoments after =
      propagate(certain_moments(one(5)), {.from = 0, .x = 2, .eps = -3, .memory = 7}, {0.8, 0.6}, {one(0), one(0.5), one(0)});
  EXPECT_DOUBLE_EQ(after.variance.item<double>(), 9 * 0.5);
  EXPECT_DOUBLE_EQ(after.memory_variance.item<double>(), 0.36 / 0.64 * 0.5);
  EXPECT_DOUBLE_EQ(after.memory_covariance.item<double>(), 3 * 0.6 / 0.8 * 0.5);
}

/// x draws 1, 2, 6 about E[x] = 2.5; the network says 0, 2, 7 and the path goes on with 1.5.
class NoiseMomentsTest : public ::testing::Test {
 protected:
  const std::vector<at::Tensor> x_{one(1), one(2), one(6)}, mean_{one(0), one(2), one(7)};
  NoiseMoments moments(MomentRule rule, double variance = 4) const {
    PathMoments path = certain_moments(one(0));
    path.variance = one(variance);
    return noise_moments({x_, mean_}, path, one(2.5), one(0.25), one(1.5), rule);
  }
};

/// By hand: sums of squares about the means 14, 19 and 26, so the slope is 19 / 14 and 26 - 19^2 / 14 scatters with one degree of
/// freedom; the slope's own error takes the part 4 / 14 off.
TEST_F(NoiseMomentsTest, ConsistentOnesFollowTheLineThroughTheDraws) {
  const NoiseMoments m = moments(MomentRule::consistent);
  const double slope = 19 / 14.0, scatter = 26 - 19 * 19 / 14.0;
  EXPECT_DOUBLE_EQ(m.shift.item<double>(), 1.5);  // 3 - 1.5
  EXPECT_DOUBLE_EQ(m.covariance.item<double>(), slope * 4);
  EXPECT_NEAR(m.variance.item<double>(), 0.25 + slope * slope * 4 + scatter * (1 - 4 / 14.0), 1e-14);
}

TEST_F(NoiseMomentsTest, DrawsOfAKnownXScatterAboutTheirMean) {
  const std::vector<at::Tensor> known(3, one(2.5));
  const NoiseMoments m =
      noise_moments({known, mean_}, certain_moments(one(0)), one(2.5), one(0.25), one(1.5), MomentRule::consistent);
  EXPECT_DOUBLE_EQ(m.covariance.item<double>(), 0);
  EXPECT_DOUBLE_EQ(m.variance.item<double>(), 0.25 + 26 / 2.0);
}

TEST_F(NoiseMomentsTest, ANetworkLinearInXIsExactWithTwoDraws) {
  const std::vector<at::Tensor> x{one(1), one(4)}, mean{one(-0.5), one(-2)};
  PathMoments path = certain_moments(one(0));
  path.variance = one(3);
  const NoiseMoments m = noise_moments({x, mean}, path, one(2), one(0.25), one(-1), MomentRule::consistent);
  EXPECT_DOUBLE_EQ(m.covariance.item<double>(), -0.5 * 3);
  EXPECT_DOUBLE_EQ(m.variance.item<double>(), 0.25 + 0.25 * 3);
}

TEST_F(NoiseMomentsTest, ReleasedOnesAreTheReleasedCodes) {
  const NoiseMoments m = moments(MomentRule::released);
  EXPECT_DOUBLE_EQ(m.shift.item<double>(), 1.5);
  EXPECT_DOUBLE_EQ(m.covariance.item<double>(), (0 + 4 + 42) / 3.0 - 2.5 * 3);
  EXPECT_DOUBLE_EQ(m.variance.item<double>(), 0.25);
}

TEST_F(NoiseMomentsTest, RefuseASingleDraw) {
  const std::vector<at::Tensor> alone{one(1)};
  EXPECT_EQ(test::code_of([&] {
              noise_moments({alone, alone}, certain_moments(one(1)), one(1), one(1), one(1), MomentRule::consistent);
            }),
            ErrorCode::domain);
}

}  // namespace
}  // namespace alea
