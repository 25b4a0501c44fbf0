#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "protocols/real_features.h"
#include "results/record.h"
#include "tests/support/environment.h"
#include "tests/support/smoke.h"

namespace alea::testing {
namespace {

using ::testing::HasSubstr;

/// The images of one run are the real ones of another of the same law.
TEST(FilteringSets, KeptSetsAreMeasuredBesideRealImages) {
  const TemporaryFolder folder;
  const test::ScopedVariable cache("ALEA_CACHE", (folder / "cache").string());
  const fs::path real = folder / "real", run = folder / "run", again = folder / "again";
  ASSERT_EQ(run_alea({"sample", kSmokeConfig, "--out", real.string(), "--set", "/seed=2"}).status, 0);
  const auto command = [&](const std::string& verb, std::vector<std::string> more) {
    std::vector<std::string> words = {verb, kSmokeConfig, "--set", "/metrics=[\"fid\", \"fid_bias\", \"kid\", \"prdc\"]"};
    words.insert(words.end(), more.begin(), more.end());
    return run_alea(words);
  };
  const std::string images = "/reference_images=" + real.string();
  EXPECT_THAT(command("validate", {"--set", images, "--set", "/reference_count=150"}).out, HasSubstr("150 of 192 images"));
  EXPECT_THAT(command("run", {"--out", run.string(), "--set", images, "--set", "/reference_count=193"}).err,
              HasSubstr("/reference_count"));
  EXPECT_THAT(command("run", {"--out", run.string(), "--set", "/reference_images=/nowhere"}).err, HasSubstr("/nowhere"));
  EXPECT_FALSE(fs::exists(run));
  ASSERT_EQ(command("run", {"--out", run.string(), "--set", images, "--set", "/reference_count=150"}).status, 0);
  const std::string bytes = file_text(run / "record.json");
  EXPECT_THAT(bytes, HasSubstr(kRealFeaturesFile));
  const Record record = read_record(run / "record.json");
  EXPECT_EQ(record.data.at("reference_images").at("n"), 150);
  EXPECT_EQ(record.data.at("reference_images").at("of"), 192);
  for (const char* name :
       {"precision.pixels.kept", "gain.recall.pixels.kept", "kernel_distance.pixels.random", "gain.fd.bias.pixels.kept"})
    EXPECT_THAT(bytes, HasSubstr(fmt::format("\"{}\"", name)));
  fs::remove(run / "record.json");
  fs::remove(run / kRealFeaturesFile);
  ASSERT_EQ(run_alea({"score", run.string()}).status, 0);
  EXPECT_EQ(file_text(run / "record.json"), bytes);
  // Another run names the file of the first instead of the images, and finds the same numbers.
  ASSERT_EQ(command("run", {"--out", again.string(), "--set", "/reference_images=" + (run / kRealFeaturesFile).string()}).status,
            0);
  const Record other = read_record(again / "record.json");
  ASSERT_EQ(other.metrics.size(), record.metrics.size());
  for (std::size_t i = 0; i < record.metrics.size(); ++i) EXPECT_EQ(other.metrics[i].value, record.metrics[i].value);
  EXPECT_FALSE(fs::exists(again / kRealFeaturesFile));
}

}  // namespace
}  // namespace alea::testing
