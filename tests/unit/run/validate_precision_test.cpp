#include "run/validate_precision.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "core/files.h"
#include "run/sample_block.h"

namespace alea {
namespace {

constexpr std::uint64_t kImages = 90;  // the second block of 48 is cut

ResolvedConfig toy() {
  return resolve_config(read_json_file(fs::path(ALEA_SOURCE_DIR) / "protocols/configs/smoke.toy.json"), "toy");
}

/// Window sums of one statistic in one precision, straight from the blocks.
std::vector<double> scores(const std::string& precision, const std::string& statistic) {
  Plan plan = toy().protocol->plan();
  plan.precision = precision;
  BlockSampler sampler(plan);
  std::vector<double> out;
  for (const BlockRange& range : blocks_of(kImages, plan.block)) {
    const Array steps = sampler.sample(range).at("scores/" + statistic);
    const std::size_t width = steps.shape[1];
    for (std::size_t i = 0; i < steps.shape[0]; ++i) {
      const auto row = steps.as<double>().subspan(i * width, width);
      out.push_back(std::accumulate(row.begin(), row.end(), 0.0));
    }
  }
  return out;
}

std::vector<std::size_t> order_of(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });
  return order;
}

/// 1 - 6 sum d^2 / (n (n^2 - 1)), which holds without ties.
double spearman_of(const std::vector<double>& a, const std::vector<double>& b) {
  std::map<std::size_t, double> rank;
  const auto x = order_of(a), y = order_of(b);
  for (std::size_t i = 0; i < x.size(); ++i) rank[x[i]] = static_cast<double>(i);
  double squares = 0;
  for (std::size_t i = 0; i < y.size(); ++i)
    squares += (rank[y[i]] - static_cast<double>(i)) * (rank[y[i]] - static_cast<double>(i));
  const auto n = static_cast<double>(a.size());
  return 1 - 6 * squares / (n * (n * n - 1));
}

TEST(ValidatePrecision, ComparesTheRunsOwnScores) {
  const PrecisionValidation found = validate_precision(toy(), "bfloat16", kImages);
  EXPECT_EQ(found.found.n, kImages);
  EXPECT_EQ(found.found.kept, 75u);  // 160 of 192
  std::map<std::string, StatisticAgreement> by_name;
  for (const auto& one : found.found.statistics) by_name[one.statistic] = one;
  ASSERT_EQ(by_name.size(), 5u);
  for (const char* name : {"aleatoric.variance", "aleatoric.centred", "free.eps_energy"}) {
    const auto a = scores("float32", name), b = scores("bfloat16", name);
    EXPECT_NE(a, b);
    EXPECT_NEAR(by_name.at(name).spearman.value(), spearman_of(a, b), 1e-12) << name;
    auto x = order_of(a), y = order_of(b);
    x.resize(75);
    y.resize(75);
    const auto common = std::ranges::count_if(x, [&](std::size_t i) { return std::ranges::count(y, i) > 0; });
    EXPECT_DOUBLE_EQ(by_name.at(name).overlap_lowest, static_cast<double>(common) / 75) << name;
  }
  EXPECT_EQ(by_name.at("random.score").spearman, 1);  // it never sees the network
  EXPECT_GT(found.found.mean_pixel, 0);
  EXPECT_GT(by_name.at("free.total_variation").spearman.value(), 0.9);
  EXPECT_EQ(objections(found).front(), "90 images are too few, 2000 are enough");
}

TEST(ValidatePrecision, Float16DiffersLessThanBfloat16) {
  const auto at = [](const std::string& precision) { return validate_precision(toy(), precision, 48).found; };
  EXPECT_LT(at("float16").mean_pixel, at("bfloat16").mean_pixel);
}

TEST(ValidatePrecision, Float32IsNothingToCompare) { EXPECT_THROW(validate_precision(toy(), "float32", 48), Error); }

}  // namespace
}  // namespace alea
