#include "protocols/set_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "metrics/frechet.h"
#include "metrics/precision_recall.h"
#include "protocols/metric_catalogue.h"
#include "tests/unit/metrics/test_features.h"

namespace alea {
namespace {

using test::consecutive_ids;
using test::Features;
using test::make_features;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

SetMetricsOptions small_options(std::vector<std::string> metrics) {
  SetMetricsOptions options;
  options.metrics = std::move(metrics);
  options.kid = {.subsets = 5, .subset_size = 50, .seed = 1, .draw = "philox"};
  return options;
}

SetFeatures set_of(const Features& features, const std::vector<std::uint64_t>& ids) {
  SetFeatures set;
  set.pool = set.manifold = features.view();
  set.ids = ids;
  return set;
}

SetFeatures statistics_of(const Features& features) {
  SetFeatures set;
  set.pool_gaussian = fit_gaussian(features.view());
  return set;
}

const MetricRow& row_named(const std::vector<MetricRow>& rows, const std::string& name) {
  for (const auto& row : rows)
    if (row.name == name) return row;
  throw std::runtime_error("no row " + name);
}

std::vector<std::string> names_of(const std::vector<MetricRow>& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows) names.push_back(row.name);
  return names;
}

class SetMetrics : public ::testing::Test {
 protected:
  Features real_ = make_features(1, 300, 6), generated_ = make_features(2, 320, 6, 0.3);
  std::vector<std::uint64_t> real_ids_ = consecutive_ids(300), ids_ = consecutive_ids(320);
  SetFeatures real() const { return set_of(real_, real_ids_); }
  SetFeatures generated() const { return set_of(generated_, ids_); }
};

TEST_F(SetMetrics, FidIsTheFrechetDistanceWithItsJackknife) {
  const auto rows = set_metric_rows(small_options({"fid"}), {}, real(), generated());
  EXPECT_THAT(names_of(rows), ElementsAre("fid", "fid.bias"));
  const double distance = frechet_distance(fit_gaussian(real_.view()), fit_gaussian(generated_.view()));
  EXPECT_NEAR(*rows[0].value, distance, 1e-10);
  ASSERT_EQ(rows[0].leave_one_out.size(), 32u);
  EXPECT_LT(rows[0].interval->low, distance);
  EXPECT_GT(rows[0].interval->high, distance);
  EXPECT_GT(*rows[1].value, 0);
  EXPECT_LT(*rows[1].value, distance);
}

TEST_F(SetMetrics, StatisticsOfTheRealSideGiveTheSameFid) {
  const auto options = small_options({"fid", "kid"});
  const auto rows = set_metric_rows(options, {}, statistics_of(real_), generated());
  EXPECT_NEAR(*row_named(rows, "fid").value, *set_metric_rows(options, {}, real(), generated())[0].value, 1e-10);
  EXPECT_FALSE(row_named(rows, "kid").value);
  EXPECT_THAT(row_named(rows, "kid").why_null, HasSubstr("statistics file"));
}

TEST_F(SetMetrics, WhatWasNotAskedForByNameIsLeftOutSilently) {
  EXPECT_THAT(names_of(set_metric_rows(small_options({}), {}, statistics_of(real_), generated())),
              ElementsAre("fid", "fid.bias"));
}

TEST_F(SetMetrics, OtherNetworksAreNamed) {
  const auto rows =
      set_metric_rows(small_options({"fid", "prdc"}), {.network = "resnet", .manifold_network = "vgg16"}, real(), generated());
  EXPECT_THAT(names_of(rows),
              ElementsAre("fd.resnet", "fd.bias.resnet", "precision.vgg16", "recall.vgg16", "density.vgg16", "coverage.vgg16"));
}

TEST_F(SetMetrics, PrecisionAndRecallAreNotSwapped) {
  Features collapsed = real_;  // every generated sample is the real set's first rows: precise, without variety
  for (std::size_t i = 0; i < collapsed.n; ++i)
    std::copy_n(real_.values.begin() + std::ptrdiff_t((i % 8) * 6), 6, collapsed.values.begin() + std::ptrdiff_t(i * 6));
  const auto rows = set_metric_rows(small_options({"prdc"}), {}, real(), set_of(collapsed, real_ids_));
  EXPECT_EQ(*row_named(rows, "precision.inception").value, 1);
  EXPECT_LT(*row_named(rows, "recall.inception").value, 0.1);
}

TEST_F(SetMetrics, IntervalsCanBeLeftOutAndNeedEveryGroup) {
  auto options = small_options({"fid"});
  options.intervals = false;
  EXPECT_FALSE(set_metric_rows(options, {}, real(), generated())[0].interval);
  const std::vector<std::uint64_t> same_group(320, 32);
  EXPECT_FALSE(set_metric_rows(small_options({"fid"}), {}, real(), set_of(generated_, same_group))[0].interval);
}

TEST_F(SetMetrics, FewSamplesAreExplained) {
  const Features few = make_features(3, 5, 6);
  const auto ids = consecutive_ids(5);
  const auto rows = set_metric_rows(small_options({"fid", "prdc"}), {}, real(), set_of(few, ids));
  EXPECT_THAT(rows[0].details.at("note").get<std::string>(), HasSubstr("rank 4"));
  EXPECT_THAT(row_named(rows, "recall.inception").why_null, HasSubstr("more than k = 5"));
}

TEST_F(SetMetrics, UnlikeWidthsAreAnError) {
  const Features wide = make_features(3, 320, 7);
  EXPECT_THROW(set_metric_rows(small_options({"fid"}), {}, real(), set_of(wide, ids_)), Error);
}

TEST_F(SetMetrics, EveryRowIsInTheCatalogueUnderTheKeyThatAsksForIt) {
  std::size_t listed = 0;
  for (const auto& key : set_metric_keys()) {
    SetFeatures both = generated();
    both.spatial = both.logits = both.pool;
    SetFeatures same = real();
    same.spatial = same.pool;
    for (const auto& row : set_metric_rows(small_options({key}), {"net", "net"}, same, both)) {
      const auto found = std::ranges::find_if(set_metrics(), [&](const auto& m) { return m.other + ".net" == row.name; });
      ASSERT_NE(found, set_metrics().end()) << row.name;
      EXPECT_EQ(found->key, key) << row.name;
      ++listed;
    }
  }
  EXPECT_EQ(listed, set_metrics().size());
}

TEST(Conventions, OfEveryToolDifferWhereTheToolsDo) {
  EXPECT_EQ(conventions_of("pytorch-fid").encoder.resize, "bilinear");
  EXPECT_EQ(conventions_of("adm").encoder.resize, "bilinear_tf1");
  EXPECT_EQ(conventions_of("adm").inception_score.cut, "chunk");
  EXPECT_EQ(conventions_of("clean-fid").encoder.resize, "bicubic_pil");
  EXPECT_EQ(conventions_of("torch-fidelity").kid.draw, "numpy_legacy");
  EXPECT_EQ(conventions_of("torch-fidelity").manifold_encoder->network, "vgg16");
  EXPECT_THROW(conventions_of("torchfidelity"), Error);
}

TEST(Conventions, SurviveTheirJson) {
  for (const char* name : {"pytorch-fid", "torch-fidelity", "clean-fid", "adm"}) {
    const Json json = to_json(conventions_of(name));
    ConfigErrors errors;
    EXPECT_EQ(to_json(read_options<SetMetricsOptions>(json, "", errors)), json);
    errors.throw_if_any(name);
  }
}

}  // namespace
}  // namespace alea
