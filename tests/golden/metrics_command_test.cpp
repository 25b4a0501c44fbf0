#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config.h"
#include "formats/png.h"
#include "tests/support/smoke.h"

namespace alea::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A folder of n grey 28x28 pictures whose stripes depend on `phase`, with a cache of its own.
class MetricsCommand : public ::testing::Test {
 protected:
  fs::path make_images(const std::string& name, int n, int phase) const {
    const fs::path folder = root_ / name;
    fs::create_directories(folder / "nested");
    for (int i = 0; i < n; ++i) {
      Picture picture{28, 28, 1, std::vector<std::uint8_t>(28 * 28)};
      for (int p = 0; p < 28 * 28; ++p)
        picture.pixels[std::size_t(p)] =
            static_cast<std::uint8_t>((p % 28 * (i % 7 + phase) + p / 28 * (i % 5) * 9 + i * 31) % 256);
      write_png(folder / (i % 2 == 0 ? "" : "nested") / fmt::format("{:04}.png", i), picture);
    }
    return folder;
  }

  Ended metrics(std::vector<std::string> words) const {
    words.insert(words.begin(), {"metrics", "--network", "fmnist_cnn", "--cache", (root_ / "cache").string()});
    return run_alea(words);
  }

  TemporaryFolder root_;
};

double value_of(const Json& record, const std::string& name) {
  for (const auto& row : record["metrics"])
    if (row["name"] == name) return row["value"].get<double>();
  throw std::runtime_error("no row " + name);
}

TEST_F(MetricsCommand, MeasuresFoldersAndStatisticsAlike) {
  const auto real = make_images("real", 96, 1).string(), generated = make_images("generated", 80, 3).string();
  const auto statistics = (root_ / "real.npz").string();
  const Ended folders = metrics({"--real", real, "--gen", generated, "--json", "--stats-out", statistics, "-q"});
  ASSERT_EQ(folders.status, 0) << folders.err;
  const Json record = parse_json(folders.out, "record");
  EXPECT_GT(value_of(record, "fd.fmnist_cnn"), 0);
  EXPECT_GE(value_of(record, "precision.fmnist_cnn"), 0);
  EXPECT_EQ(record["data"]["real"]["n"], 96);
  const Ended stored = metrics({"--real", statistics, "--gen", generated, "--json", "-q"});
  ASSERT_EQ(stored.status, 0) << stored.err;
  EXPECT_NEAR(value_of(parse_json(stored.out, "record"), "fd.fmnist_cnn"), value_of(record, "fd.fmnist_cnn"), 1e-9);
  EXPECT_THAT(run_alea({"stats", "show", statistics}).out, AllOf(HasSubstr("96"), HasSubstr("mu")));
}

TEST_F(MetricsCommand, ThreadsAndTheCacheDoNotChangeABit) {
  const auto real = make_images("real", 96, 1).string(), generated = make_images("generated", 80, 3).string();
  const std::vector<std::string> words = {"--real", real, "--gen", generated, "--json"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), words.begin(), words.end());
    return metrics(more).out;
  };
  const std::string first = with({"--threads", "1", "--no-cache"});
  EXPECT_EQ(with({"--threads", "2"}), first);
  EXPECT_EQ(with({"--threads", "2"}), first);
  EXPECT_FALSE(first.empty());
}

TEST_F(MetricsCommand, OneImageIsRefused) {
  const auto real = make_images("real", 96, 1).string(), one = make_images("one", 1, 3).string();
  const Ended ended = metrics({"--real", real, "--gen", one});
  EXPECT_EQ(ended.status, 4) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("at least 2"));
}

TEST_F(MetricsCommand, BadImagesAreNamedSkippedOrListed) {
  const auto real = make_images("real", 96, 1).string();
  const fs::path generated = make_images("generated", 80, 3);
  write_text(generated / "bad1.png", file_text(generated / "0002.png").substr(0, 60));
  write_text(generated / "bad2.jpg", "");
  const auto with = [&](const char* on_error) {
    return metrics({"--real", real, "--gen", generated.string(), "--on-error", on_error});
  };
  const Ended failed = with("fail");
  EXPECT_EQ(failed.status, 4);
  EXPECT_THAT(failed.err, AllOf(HasSubstr("bad1.png"), HasSubstr("--on-error skip")));
  const Ended listed = with("list");
  EXPECT_EQ(listed.status, 4);
  EXPECT_THAT(listed.err, AllOf(HasSubstr("bad1.png"), HasSubstr("bad2.jpg"), HasSubstr("2 of 82")));
  const Ended skipped = with("skip");
  EXPECT_EQ(skipped.status, 0) << skipped.err;
  EXPECT_THAT(skipped.err, AllOf(HasSubstr("bad1.png"), HasSubstr("bad2.jpg")));
}

TEST_F(MetricsCommand, StatisticsOfAnotherNetworkDoNotCompare) {
  const auto real = make_images("real", 96, 1).string(), statistics = (root_ / "real.npz").string();
  ASSERT_EQ(metrics({"--real", real, "--stats-out", statistics}).status, 0);
  EXPECT_EQ(metrics({"--real", real, "--stats-out", statistics}).status, 4) << "an existing file is kept";
  const Ended ended = run_alea({"metrics", "--network", "fmnist_residual", "--no-cache", "--real", statistics, "--gen", real});
  EXPECT_EQ(ended.status, 3);
  EXPECT_THAT(ended.err, HasSubstr("fmnist_residual"));
}

TEST_F(MetricsCommand, MissingWeightsSayWhereToGetThem) {
  const auto real = make_images("real", 4, 1).string();
  const Ended ended = run_alea({"metrics", "--real", real, "--gen", real});
  EXPECT_EQ(ended.status, 4);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("pt_inception-2015-12-05-6726825d.pth"), HasSubstr("https://"),
                               HasSubstr("`scripts/fetch inception`")));
}

}  // namespace
}  // namespace alea::testing
