#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "core/files.h"
#include "formats/npy.h"
#include "hdf5/hdf5_file.h"
#include "results/record.h"
#include "tests/support/smoke.h"

namespace alea::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The config of "Your own scores from a file" in harness/uncertainty/README.md, its file being `path`.
Json documented_scores(const fs::path& path) {
  const std::string text = file_text(fs::path(ALEA_SOURCE_DIR) / "harness/uncertainty/README.md");
  const auto begin = text.find("{\"from_file\"");
  Json entry = parse_json(text.substr(begin, text.find("\n", begin) - begin), "README.md").at("from_file").at(0);
  for (const char* key : {"file", "ids"}) {
    const auto value = entry.at(key).get<std::string>();
    entry[key] = path.string() + value.substr(value.rfind(':'));
  }
  return entry;
}

/// Mean of each stored image, as the page's brightness.py has it.
void write_brightness(const fs::path& run, const fs::path& path) {
  std::vector<std::uint64_t> ids;
  std::vector<double> scores;
  for (const auto& block : fs::directory_iterator(run / "blocks")) {
    const Hdf5Content content = read_hdf5_file(block.path());
    const Array& images = content.arrays.at("images");
    const auto n = images.shape.at(0), size = images.elements() / n;
    for (std::uint64_t i = 0; i < n; ++i) {
      const auto image = images.as<std::uint8_t>().subspan(i * size, size);
      ids.push_back(content.arrays.at("ids").as<std::uint64_t>()[i]);
      scores.push_back(std::accumulate(image.begin(), image.end(), 0.0) / static_cast<double>(size));
    }
  }
  const std::vector<std::int64_t> shape{static_cast<std::int64_t>(ids.size())};
  write_npz(path,
            {{"ids", {DType::u64, shape, std::as_bytes(std::span(ids))}},
             {"scores", {DType::f64, shape, std::as_bytes(std::span(scores))}}},
            false);
}

TEST(OwnScores, FromAFileAreJudgedAsTheReadmeSays) {
  const TemporaryFolder folder;
  const fs::path scores = folder / "mine.npz", run = folder / "run";
  const Json entry = documented_scores(scores);
  const std::string set = "/from_file=" + Json::array({entry}).dump();
  const std::vector<std::string> config = {kSmokeConfig, "--set", set, "--set", "/rank_by=mine.brightness"};
  const auto command = [&](std::string verb, std::vector<std::string> more) {
    std::vector<std::string> words = {std::move(verb)};
    words.insert(words.end(), config.begin(), config.end());
    words.insert(words.end(), more.begin(), more.end());
    return run_alea(words);
  };
  const Ended too_early = command("run", {"--out", run.string()});
  EXPECT_EQ(too_early.status, 4);
  EXPECT_THAT(too_early.err, AllOf(HasSubstr("mine.npz"), HasSubstr("alea sample")));
  EXPECT_FALSE(fs::exists(run));
  ASSERT_EQ(command("sample", {"--out", run.string()}).status, 0);
  write_brightness(run, scores);
  ASSERT_EQ(command("validate", {}).status, 0);
  const Ended scored = run_alea({"score", run.string()});
  ASSERT_EQ(scored.status, 0) << scored.err;
  EXPECT_THAT(scored.out, HasSubstr("kept.mine.brightness.lowest"));
  const Record record = read_record(run / "record.json");
  EXPECT_EQ(record.data.at("from_file").at(0).at("name"), entry.at("name"));
  EXPECT_TRUE(record.data.at("from_file").at(0).contains("sha256"));
}

}  // namespace
}  // namespace alea::testing
