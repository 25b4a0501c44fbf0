#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/config.h"
#include "core/philox.h"
#include "formats/npy.h"
#include "hdf5/hdf5.h"
#include "metrics/sparsification.h"
#include "tests/support/smoke.h"

namespace alea::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::uint64_t kImages = 64, kSide = 6;

/// Errors whose sign is random and whose size goes with `uncertainty`, in an npz and an HDF5 file.
class AuseCommand : public ::testing::Test {
 protected:
  AuseCommand() : errors_(kImages * kSide * kSide), uncertainty_(errors_.size()) {
    fill_uniform({.seed = 1}, uncertainty_);
    fill_normal({.seed = 2}, errors_);
    for (std::size_t i = 0; i < errors_.size(); ++i) errors_[i] *= 0.1F + uncertainty_[i];
    const std::vector<std::uint64_t> shape{kImages, kSide, kSide};
    const auto span = [&](const std::vector<float>& v) {
      return TensorSpan{DType::f32, {64, 6, 6}, std::as_bytes(std::span(v))};
    };
    write_npz(root_ / "both.npz", {{"errors", span(errors_)}, {"maps", span(uncertainty_)}}, true);
    write_npz(root_ / "constant.npz", {{"maps", span(std::vector<float>(errors_.size(), 1.0F))}}, false);
    atomic_write(root_ / "maps.h5", hdf5_image({{"run/maps", make_array<float>(uncertainty_, shape)}}));
  }

  std::string file(const std::string& name) const { return (root_ / name).string(); }
  Json record(std::vector<std::string> words) const {
    words.insert(words.begin(), {"ause", "--errors", file("both.npz:errors"), "--json"});
    const Ended ended = run_alea(words);
    EXPECT_EQ(ended.status, 0) << ended.err;
    return parse_json(ended.out, "record");
  }

  TemporaryFolder root_;
  std::vector<float> errors_, uncertainty_;
};

Json row_of(const Json& record, const std::string& name) {
  for (const auto& row : record["metrics"])
    if (row["name"] == name) return row;
  throw std::runtime_error("no row " + name);
}

TEST_F(AuseCommand, GivesWhatTheLibraryGives) {
  std::vector<float> absolute;
  std::vector<std::uint64_t> ids;
  for (const float error : errors_) absolute.push_back(std::abs(error));
  for (std::uint64_t i = 0; i < kImages; ++i) ids.push_back(i);
  const auto images = sparsify_images(absolute, uncertainty_, {}, ids, ErrorKind::mae, Sparsification::poggi50);
  const auto pooled =
      sparsify(std::span<const float>(absolute), std::span<const float>(uncertainty_), ErrorKind::mae, Sparsification::poggi50);
  const std::string curves = file("curves.json");
  const Json found = record({"--uncertainty", file("maps.h5"), "--curves", curves});
  const Json ause = row_of(found, "ause.mae.poggi50");
  EXPECT_EQ(ause["value"], images.ause.value);
  EXPECT_EQ(ause["interval"]["standard_error"], images.ause.standard_error);
  EXPECT_EQ(ause["n"], kImages);
  EXPECT_EQ(row_of(found, "aurg.mae.poggi50")["value"], images.aurg.value);
  EXPECT_EQ(row_of(found, "ause.pooled.mae.poggi50")["value"], pooled.ause);
  EXPECT_GT(row_of(found, "spearman")["value"], 0.2);
  EXPECT_EQ(read_json_file(curves)["mae.poggi50"]["method"], Json(images.mean_curves.method));
  EXPECT_EQ(record({"--uncertainty", file("both.npz:maps")})["comparable_sha256"], found["comparable_sha256"]);
}

TEST_F(AuseCommand, AConstantMapGainsNothingAndHasNoRanks) {
  const Json found = record({"--uncertainty", file("constant.npz"), "--error", "rmse", "--convention", "exact"});
  EXPECT_EQ(found["metrics"].size(), 5u);
  EXPECT_NEAR(row_of(found, "aurg.rmse.exact")["value"].get<double>(), 0, 1e-12);
  EXPECT_TRUE(row_of(found, "spearman")["value"].is_null());
}

TEST_F(AuseCommand, NamesWhatIsWrong) {
  const auto refuse = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "ause");
    return run_alea(words);
  };
  const Ended unnamed = refuse({"--errors", file("both.npz"), "--uncertainty", file("maps.h5")});
  EXPECT_EQ(unnamed.status, 4);
  EXPECT_THAT(unnamed.err, AllOf(HasSubstr("both.npz"), HasSubstr("errors, maps"), HasSubstr("ARRAY")));
  const Ended unknown = refuse({"--errors", file("both.npz:errors"), "--uncertainty", file("maps.h5"), "--error", "rsme"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("rmse, mae, mse"));
  write_npz(root_ / "short.npz", {{"maps", TensorSpan{DType::f32, {63, 36}, std::as_bytes(std::span(errors_).first(63 * 36))}}},
            false);
  const Ended unlike = refuse({"--errors", file("both.npz:errors"), "--uncertainty", file("short.npz")});
  EXPECT_NE(unlike.status, 0);
  EXPECT_THAT(unlike.err, AllOf(HasSubstr("[63, 36]"), HasSubstr("[64, 6, 6]")));
}

}  // namespace
}  // namespace alea::testing
