#include "data/reference_stats.h"

#include <cmath>
#include <map>

#include "data/statistics_file.h"
#include "formats/safetensors.h"
#include "tests/unit/formats/format_test.h"

namespace alea {
namespace {

class ReferenceStatsFile : public FormatTest {
 protected:
  fs::path path() const { return folder_ / "stats.safetensors"; }

  static ReferenceStats example() {
    return {.set = "tiny/train",
            .set_sha256 = std::string(64, 'a'),
            .network = "net",
            .network_sha256 = std::string(64, 'b'),
            .n = 17,
            .mean = {1.5, -2},
            .covariance = {4, 0.5, 0.5, 1},
            .sha256 = {}};
  }

  /// Writes the example's file by hand, with one thing changed.
  template <class Change>
  void write_changed(Change change) {
    std::map<std::string, TensorSpan> tensors{{"mean", {DType::f64, {2}, std::as_bytes(std::span(mean_))}},
                                              {"covariance", {DType::f64, {2, 2}, std::as_bytes(std::span(covariance_))}}};
    std::map<std::string, std::string> metadata{
        {"set", "s"}, {"set_sha256", "h"}, {"network", "n"}, {"network_sha256", "h"}, {"n", "17"}};
    change(tensors, metadata);
    write_safetensors(path(), tensors, metadata);
  }
  std::vector<double> mean_{1, 2}, covariance_{4, 0.5, 0.5, 1};
};

using Tensors = std::map<std::string, TensorSpan>;
using Metadata = std::map<std::string, std::string>;

TEST_F(ReferenceStatsFile, ComesBackAsWrittenWithTheHashOfTheFile) {
  write_reference_stats(path(), example());
  const ReferenceStats stats = load_reference_stats(path());
  EXPECT_EQ(stats.set, "tiny/train");
  EXPECT_EQ(stats.set_sha256, std::string(64, 'a'));
  EXPECT_EQ(stats.network, "net");
  EXPECT_EQ(stats.network_sha256, std::string(64, 'b'));
  EXPECT_EQ(stats.n, 17U);
  EXPECT_EQ(stats.mean, example().mean);
  EXPECT_EQ(stats.covariance, example().covariance);
  EXPECT_EQ(stats.sha256, sha256_file(path()));
}

TEST_F(ReferenceStatsFile, MayBeTheNpzOfAleaMetricsWhichSaysWhatItIsOf) {
  StatisticsFile file;
  file.pool = {mean_, covariance_};
  file.n = 17;
  file.facts = {{"encoder", {{"network", "inception"}, {"weights_sha256", "abc"}}},
                {"fingerprint", "def"},
                {"images", {{"digest", "123"}}}};
  const fs::path npz = folder_ / "imagenet.npz";
  write_statistics(npz, file, true);
  const ReferenceStats stats = load_reference_stats(npz);
  EXPECT_EQ(stats.set, "imagenet");
  EXPECT_EQ(stats.set_sha256, "123");
  EXPECT_EQ(stats.network, "inception");
  EXPECT_EQ(stats.network_sha256, "abc");
  EXPECT_EQ(stats.fingerprint, "def");
  EXPECT_EQ(stats.n, 17U);
  EXPECT_EQ(stats.mean, mean_);
  EXPECT_EQ(stats.covariance, covariance_);
  EXPECT_EQ(stats.sha256, sha256_file(npz));

  file.facts.erase("fingerprint");
  write_statistics(npz, file, true);
  expect_error(ErrorCode::data, "/fingerprint: expected a text", [&] { load_reference_stats(npz); });
}

TEST_F(ReferenceStatsFile, MissingOrForeignKeysAreNamed) {
  write_changed([](Tensors& tensors, Metadata&) { tensors.erase("covariance"); });
  expect_error(ErrorCode::data, "expected a tensor covariance, found none", [&] { load_reference_stats(path()); });
  write_changed([](Tensors& tensors, Metadata&) { tensors["other"] = tensors["mean"]; });
  expect_error(ErrorCode::data, "found 3 tensors", [&] { load_reference_stats(path()); });
  write_changed([](Tensors&, Metadata& metadata) { metadata.erase("network_sha256"); });
  expect_error(ErrorCode::data, "metadata network_sha256", [&] { load_reference_stats(path()); });
  for (const char* text : {"17x", "-1", "", "1e3"}) {
    write_changed([&](Tensors&, Metadata& metadata) { metadata["n"] = text; });
    expect_error(ErrorCode::data, "metadata n: expected", [&] { load_reference_stats(path()); });
  }
  expect_error(ErrorCode::io, "none", [&] { load_reference_stats(folder_ / "none"); });
}

TEST_F(ReferenceStatsFile, AnotherDtypeOrShapeIsNamedWithExpectedAndFound) {
  write_changed([](Tensors& tensors, Metadata&) { tensors["covariance"].shape = {4}; });
  expect_error(ErrorCode::data, "covariance: expected F64 [2, 2], found F64 [4]", [&] { load_reference_stats(path()); });
  write_changed([](Tensors& tensors, Metadata&) { tensors["mean"].dtype = DType::i64; });
  expect_error(ErrorCode::data, "mean: expected F64 [2], found I64 [2]", [&] { load_reference_stats(path()); });
  write_changed([](Tensors& tensors, Metadata&) { tensors["mean"].shape = {2, 1}; });
  expect_error(ErrorCode::data, "mean: expected F64 [d]", [&] { load_reference_stats(path()); });
}

TEST_F(ReferenceStatsFile, ValuesThatAreNoGaussianAreRefusedOnReading) {
  mean_[1] = std::nan("");
  write_changed([](Tensors&, Metadata&) {});
  expect_error(ErrorCode::data, "mean[1]: expected a finite number", [&] { load_reference_stats(path()); });
  mean_[1] = 0;
  covariance_ = {4, 0.5, 0.25, 1};
  write_changed([](Tensors&, Metadata&) {});
  expect_error(ErrorCode::data, "covariance[1, 0]: expected a symmetric matrix, found 0.25 and 0.5",
               [&] { load_reference_stats(path()); });
  covariance_ = {4, 0, 0, -1};
  write_changed([](Tensors&, Metadata&) {});
  expect_error(ErrorCode::data, "covariance[1, 1]: expected a variance, found -1", [&] { load_reference_stats(path()); });
}

TEST_F(ReferenceStatsFile, RefusesToWriteWhatItWouldRefuseToRead) {
  const auto expect_refused = [&](ErrorCode code, std::string_view part, auto change) {
    ReferenceStats stats = example();
    change(stats);
    expect_error(code, part, [&] { write_reference_stats(path(), stats); });
    EXPECT_FALSE(fs::exists(path()));
  };
  expect_refused(ErrorCode::shape, "found 2 and 3 values", [](auto& s) { s.covariance.pop_back(); });
  expect_refused(ErrorCode::shape, "found 0 and 0 values", [](auto& s) { s.mean.clear(), s.covariance.clear(); });
  expect_refused(ErrorCode::domain, "at least 2 samples", [](auto& s) { s.n = 1; });
  expect_refused(ErrorCode::domain, "an empty one", [](auto& s) { s.network.clear(); });
  expect_refused(ErrorCode::domain, "finite", [](auto& s) { s.covariance[1] = s.covariance[2] = INFINITY; });
}

}  // namespace
}  // namespace alea
