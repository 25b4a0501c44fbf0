#include "results/estimator_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace alea {
namespace {

using ::testing::HasSubstr;

MetricRow gain(const std::string& statistic, const std::string& side, double value, int nfe) {
  MetricRow row{.name = "gain.fd.net.kept." + statistic + "." + side,
                .value = value,
                .direction = Direction::higher,
                .interval = Interval{value, 0.02, value - 0.04, value + 0.04}};
  row.details = {{"group", "estimators"},   {"statistic", statistic}, {"keep_side", side},
                 {"randomisation_p", 0.25}, {"nfe_extra", nfe},       {"nfe_total", 50 + nfe}};
  return row;
}

Record two_estimators() {
  Record record;
  record.config = {{"keep_side", "highest"}};
  for (const char* side : {"lowest", "highest"}) {
    const double sign = side == std::string("lowest") ? -1 : 1;
    record.metrics.push_back(gain("first.variance", side, 0.31 * sign, 20));
    record.metrics.push_back(gain("second.variance", side, 0.52 * sign, 90));
    record.metrics.push_back(gain("free.energy", side, 0.11 * sign, 0));
  }
  MetricRow headline = record.metrics.back();
  headline.name = "gain.fd.net.kept";
  headline.details["group"] = "headline";
  record.metrics.push_back(headline);
  MetricRow oracle{.name = "gain.fd.net.oracle.48", .value = 0.7};
  oracle.details = {{"group", "controls"}, {"strength_grey_levels", 48.0}, {"randomisation_p", 0.005}};
  record.metrics.push_back(oracle);
  return record;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::size_t at = 0;
  for (std::size_t end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) out.push_back(text.substr(at, end - at));
  return out;
}

TEST(EstimatorTable, HasALineForEachScoreAndSideTheKeptSideFirst) {
  const auto lines = lines_of(render_estimators(two_estimators(), {40.25, {{"first.variance", 12.5}}, 600}));
  ASSERT_EQ(lines.size(), 13u);
  EXPECT_EQ(lines[2], " keeping the highest");
  EXPECT_EQ(lines[3], "  first.variance                      0.310    0.270 .. 0.350   0.25         20     70     12.5");
  EXPECT_EQ(lines[4], "  second.variance                     0.520    0.480 .. 0.560   0.25         90    140        -");
  EXPECT_EQ(lines[5], "  free.energy                         0.110    0.070 .. 0.150   0.25          0     50      0.0");
  EXPECT_EQ(lines[6], " keeping the lowest");
  EXPECT_THAT(lines[7], HasSubstr("-0.310"));
  EXPECT_THAT(lines[11], HasSubstr("oracle, defects of 48 grey levels"));
  EXPECT_EQ(lines[12], "Seconds: of 600 images; the images alone took 40.2");
}

TEST(EstimatorTable, SaysNothingOfSecondsThatNobodyTook) {
  const auto lines = lines_of(render_estimators(two_estimators(), {}));
  ASSERT_EQ(lines.size(), 12u);
  EXPECT_TRUE(lines[5].ends_with("  50        -"));
}

TEST(EstimatorTable, IsEmptyWhereOneEstimatorAsksTheNetwork) {
  Record record = two_estimators();
  std::erase_if(record.metrics, [](const MetricRow& row) { return row.name.find("second") != std::string::npos; });
  EXPECT_EQ(render_estimators(record, {}), "");
}

}  // namespace
}  // namespace alea
