// `alea stats build` and `show` as users run them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "data/image_source.h"
#include "data/reference_stats.h"
#include "data/statistics_file.h"
#include "formats/png.h"
#include "tests/support/smoke.h"

namespace alea::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class StatsCommand : public ::testing::Test {
 protected:
  /// n grey 28x28 pictures whose stripes depend on place and `phase`.
  std::string make_images(const std::string& name, int n, int phase) const {
    fs::create_directories(root_ / name);
    for (int i = 0; i < n; ++i) {
      Picture picture{28, 28, 1, std::vector<std::uint8_t>(28 * 28)};
      for (int p = 0; p < 28 * 28; ++p)
        picture.pixels[std::size_t(p)] =
            static_cast<std::uint8_t>((p % 28 * (i % 7 + phase) + p / 28 * (i % 5) * 9 + i * 31) % 256);
      write_png(root_ / name / fmt::format("{:04}.png", i), picture);
    }
    return (root_ / name).string();
  }
  Ended build(std::vector<std::string> words) const {
    words.insert(words.begin(), {"stats", "build"});
    words.insert(words.end(), {"--cache", (root_ / "cache").string(), "-q"});
    return run_alea(words);
  }
  std::string path(const std::string& name) const { return (root_ / name).string(); }

  TemporaryFolder root_;
};

TEST_F(StatsCommand, BuildsWhatMetricsWritesAndShowsIt) {
  const auto images = make_images("a", 40, 1);
  const Ended built = build({images, "--network", "fmnist_cnn", "--out", path("new/a.npz")});
  ASSERT_EQ(built.status, 0) << built.err;
  EXPECT_THAT(built.out, AllOf(HasSubstr("images   40"), HasSubstr("\"network\": \"fmnist_cnn\""), HasSubstr("\"digest\"")));
  EXPECT_EQ(run_alea({"stats", "show", path("new/a.npz")}).out, built.out);
  ASSERT_EQ(run_alea({"metrics", "--network", "fmnist_cnn", "--no-cache", "--real", images, "--stats-out", path("b.npz")}).status,
            0);
  EXPECT_EQ(sha256_file(path("b.npz")), sha256_file(path("new/a.npz")));
  EXPECT_EQ(build({images, "--network", "fmnist_cnn", "--out", path("b.npz")}).status, 4) << "an existing file is kept";
  EXPECT_EQ(build({images, "--network", "fmnist_cnn", "--out", path("b.npz"), "--replace"}).status, 0);
}

TEST_F(StatsCommand, SeveralSetsCountTogether) {
  const auto a = make_images("all/a", 30, 1), b = make_images("all/b", 50, 2);
  ASSERT_EQ(build({a, b, "--network", "fmnist_cnn", "--out", path("two.npz")}).status, 0);
  ASSERT_EQ(build({path("all"), "--network", "fmnist_cnn", "--out", path("one.npz")}).status, 0);
  const StatisticsFile two = load_statistics(path("two.npz")), one = load_statistics(path("one.npz"));
  EXPECT_EQ(two.n, 80u);
  EXPECT_EQ(two.pool.mean, one.pool.mean);
  EXPECT_EQ(two.pool.covariance, one.pool.covariance);
  EXPECT_EQ(two.facts["images"]["parts"].size(), 2u);
}

TEST_F(StatsCommand, KeptImagesServePrecisionAndRecall) {
  const auto images = make_images("a", 60, 1);
  ASSERT_EQ(build({images, "--network", "fmnist_cnn", "--out", path("a.npz"), "--images", "50"}).status, 0);
  EXPECT_EQ(open_image_source(path("a.npz"))->size(), 50u);
  const Ended measured = run_alea({"metrics", "--network", "fmnist_cnn", "--no-cache", "--metrics", "prdc", "--real",
                                   path("a.npz"), "--gen", images, "--json"});
  ASSERT_EQ(measured.status, 0) << measured.err;
  EXPECT_THAT(measured.out, HasSubstr("precision.fmnist_cnn"));
  const Ended many = build({images, "--network", "fmnist_cnn", "--out", path("b.npz"), "--images", "61"});
  EXPECT_EQ(many.status, 2);
  EXPECT_THAT(many.err, HasSubstr("61 are wanted, there are 60"));
}

TEST_F(StatsCommand, TheFileThatAConfigNamesIsMadeOfTheFeaturesThatItWants) {
  const auto images = make_images("a", 40, 1);
  write_text(root_ / "config.json", Json{{"features", "fmnist_cnn"}, {"reference", path("references/a.npz")}}.dump());
  ASSERT_EQ(build({images, "--for", path("config.json")}).status, 0);
  const ReferenceStats stats = load_reference_stats(path("references/a.npz"));
  EXPECT_EQ(stats.network, "fmnist_cnn");
  EXPECT_EQ(stats.n, 40u);
  write_text(root_ / "config.json", Json{{"features", "fmnist_cnn"}, {"reference", "self"}}.dump());
  EXPECT_EQ(build({images, "--for", path("config.json")}).status, 2);
  write_text(root_ / "config.json", Json{{"reference", "x.npz"}}.dump());
  const Ended without = build({images, "--for", path("config.json")});
  EXPECT_EQ(without.status, 2);
  EXPECT_THAT(without.err, HasSubstr("/features: expected a text"));
}

TEST_F(StatsCommand, DataSetsAreListedAndMissingOnesSayWhatTheyNeed) {
  const Ended listed = run_alea({"list", "datasets"});
  EXPECT_THAT(listed.out, AllOf(HasSubstr("cifar10/train"), HasSubstr("imagenet64/train"), HasSubstr("imagenet512-box/val"),
                                HasSubstr("imagenet64-npz/train"), HasSubstr("fashion-mnist/test")));
  const Ended missing = build({"imagenet64/train", "--data", path("nowhere"), "--network", "fmnist_cnn", "--out", path("a.npz")});
  EXPECT_EQ(missing.status, 4);
  EXPECT_THAT(missing.err, AllOf(HasSubstr("train/n01440764"), HasSubstr(path("nowhere")), HasSubstr("image-net.org")));
  const Ended unknown = build({"imagenet64/trian", "--network", "fmnist_cnn", "--out", path("a.npz")});
  EXPECT_EQ(unknown.status, 4);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean \"imagenet64/train\""));
}

}  // namespace
}  // namespace alea::testing
