#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/config.h"
#include "hdf5/hdf5.h"
#include "tests/support/process.h"

namespace alea::testing {
namespace {

const std::string kConfig = ALEA_SOURCE_DIR "/protocols/configs/stepwise.toy.json";
constexpr double kStd = 0.5, kSigmas = 4.5;

struct Curve {
  std::vector<double> sigma, mean, standard_error;
};

Curve curve_of(const fs::path& folder, const std::string& statistic) {
  const std::string bytes = file_text(folder / "curves.h5");
  const auto arrays = read_hdf5_image(std::as_bytes(std::span(bytes)), "curves.h5").arrays;
  const auto numbers = [&](const char* name) {
    const auto values = arrays.at("uncertainty/" + statistic + "/" + name).as<double>();
    return std::vector<double>(values.begin(), values.end());
  };
  return {numbers("sigma"), numbers("mean"), numbers("standard_error")};
}

/// Paper, Sec. 3.5: of data N(0, s^2), U = (1-abar)^2 / v^2 with v = abar s^2 + 1 - abar, whatever x is.
double exact_uncertainty(double sigma) {
  const double v = (1 - sigma * sigma) * kStd * kStd + sigma * sigma;
  return std::pow(sigma, 4) / (v * v);
}

/// And the mean of the centred form, U (1 + eps^2), over x of that variance.
double exact_centred(double sigma, double x_variance) {
  const double v = (1 - sigma * sigma) * kStd * kStd + sigma * sigma;
  return exact_uncertainty(sigma) * (1 + sigma * sigma * x_variance / (v * v));
}

/// The largest distance from the truth, in standard errors.
template <class Truth>
double worst(const Curve& curve, Truth truth) {
  double out = 0;
  for (std::size_t i = 0; i < curve.mean.size(); ++i)
    out = std::max(out, std::abs(curve.mean[i] - truth(curve.sigma[i])) / curve.standard_error[i]);
  return out;
}

class StepwiseCommand : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    const Json estimators = {{{"kind", "aleatoric"},
                              {"passes", 5},
                              {"first_index", 0},
                              {"last_index", 11},
                              {"statistics", {"variance", "centred", "variance_biased"}}}};
    const Ended ended = run_alea(
        {"run", kConfig, "--out", (*folder_ / "run").string(), "--set", "/estimators=" + estimators.dump(), "--threads", "1"});
    ASSERT_EQ(ended.status, 0) << ended.out << ended.err;
  }
  static void TearDownTestSuite() { folder_.reset(); }
  static fs::path run() { return *folder_ / "run"; }
  static inline std::unique_ptr<TemporaryFolder> folder_;
};

TEST_F(StepwiseCommand, IsTheClosedFormOfGaussianDataAtEveryStep) {
  const Curve variance = curve_of(run(), "aleatoric.variance");
  ASSERT_EQ(variance.mean.size(), 12u);
  EXPECT_LT(worst(variance, exact_uncertainty), kSigmas);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_LT(variance.standard_error[i], 0.02 * variance.mean[i]);
}

TEST_F(StepwiseCommand, CentredIsTheClosedFormWhereTheLawOfXIsKnown) {
  const Curve centred = curve_of(run(), "aleatoric.centred");
  EXPECT_LT(std::abs(centred.mean[0] - exact_centred(centred.sigma[0], 1)), kSigmas * centred.standard_error[0]);
  EXPECT_GT(std::abs(centred.mean[0] - exact_uncertainty(centred.sigma[0])), 2 * kSigmas * centred.standard_error[0]);
}

TEST_F(StepwiseCommand, TheseBoundsSeeAWrongDivisorAStepTooFarAndTheWrongForm) {
  EXPECT_GT(worst(curve_of(run(), "aleatoric.variance_biased"), exact_uncertainty), 2 * kSigmas);
  Curve shifted = curve_of(run(), "aleatoric.variance");
  std::rotate(shifted.mean.begin(), shifted.mean.begin() + 1, shifted.mean.end());
  EXPECT_GT(worst(shifted, exact_uncertainty), 2 * kSigmas);
}

TEST_F(StepwiseCommand, RecordsRowsOfEveryTenthStepAndThePeak) {
  const Json record = read_json_file(run() / "record.json");
  EXPECT_EQ(record.at("cost"), (Json{{"base", 12}, {"extra", 60}, {"total", 72}}));
  std::vector<std::string> names;
  for (const Json& row : record.at("metrics")) names.push_back(row.at("name"));
  for (const char* name : {"step0", "step10", "step11", "peak"}) {
    EXPECT_TRUE(std::count(names.begin(), names.end(), std::string("uncertainty.aleatoric.variance.") + name)) << name;
    EXPECT_TRUE(std::count(names.begin(), names.end(), std::string("information.aleatoric.centred.") + name)) << name;
  }
  EXPECT_EQ(names.size(), 3u * 2 * 4);
}

TEST_F(StepwiseCommand, ThreadsDoNotMatter) {
  const Ended again = run_alea({"run", kConfig, "--out", (*folder_ / "one").string(), "--threads", "1"});
  ASSERT_EQ(again.status, 0) << again.err;
  ASSERT_EQ(run_alea({"run", kConfig, "--out", (*folder_ / "two").string(), "--threads", "2"}).status, 0);
  EXPECT_EQ(result_files(*folder_ / "one"), result_files(*folder_ / "two"));
}

}  // namespace
}  // namespace alea::testing
