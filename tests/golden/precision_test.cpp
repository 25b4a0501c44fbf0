#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config.h"
#include "core/files.h"
#include "results/record.h"
#include "tests/support/smoke.h"

namespace alea::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::vector<std::string> kBelow = {"--set", "/precision=bfloat16"};

std::vector<std::string> validate(const fs::path& file, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = {"validate",  kSmokeConfig, "--precision", "bfloat16",
                                    "--threads", "1",          "--out",       file.string()};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<std::string> run_with(const fs::path& run, const fs::path& file, const std::vector<std::string>& more = {}) {
  auto words = smoke(run, kBelow);
  words.insert(words.end(), {"--set", "/precision_validation=" + file.string()});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(Precision, ARunBelowFloat32IsRefusedWithTheCommandThatAllowsIt) {
  const TemporaryFolder folder;
  const Ended ended = run_alea(smoke(folder / "run", kBelow));
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, HasSubstr("alea validate " + kSmokeConfig + " --precision bfloat16 --out smoke.toy.bfloat16.json"));
  EXPECT_FALSE(fs::exists(folder / "run"));
  EXPECT_EQ(run_alea({"validate", kSmokeConfig, "--set", "/precision=bfloat16"}).status, 2);
}

TEST(Precision, APassingValidationAllowsItsRunAndStandsInTheRecord) {
  const TemporaryFolder folder;
  const Ended validated = run_alea(validate(folder / "v.json"));
  ASSERT_EQ(validated.status, 0) << validated.out << validated.err;
  EXPECT_THAT(validated.out, AllOf(HasSubstr("2000 images"), HasSubstr("Result: PASSES")));
  const Ended ended = run_alea(run_with(folder / "run", folder / "v.json"));
  ASSERT_EQ(ended.status, 0) << ended.err;
  const Record record = read_record(folder / "run/record.json");
  EXPECT_EQ(record.model["precision"], "bfloat16");
  EXPECT_EQ(record.model["precision_validation"]["file_sha256"], sha256_file(folder / "v.json"));
  EXPECT_GE(record.model["precision_validation"]["statistics"][0]["spearman"].get<double>(), 0.99);
  const Record base = record_from_json(parse_json(undisturbed().at("record.json"), "float32"), "float32");
  EXPECT_NE(record.comparable_sha256, base.comparable_sha256);
  EXPECT_NE(file_text(folder / "run/blocks/000000.h5"), undisturbed().at("blocks/000000.h5"));
  EXPECT_EQ(run_alea(run_with(folder / "other", folder / "v.json", {"--set", "/sampler/steps=11"})).status, 2);
}

TEST(Precision, FewImagesAreNotEnough) {
  const TemporaryFolder folder;
  const Ended validated = run_alea(validate(folder / "v.json", {"--ids", "96"}));
  EXPECT_EQ(validated.status, 1);
  EXPECT_THAT(validated.out, HasSubstr("Result: NOT ENOUGH"));
  EXPECT_EQ(run_alea(run_with(folder / "run", folder / "v.json")).status, 2);
}

TEST(Precision, AFileThatWasChangedIsDamaged) {
  const TemporaryFolder folder;
  run_alea(validate(folder / "v.json", {"--ids", "96"}));
  Json json = read_json_file(folder / "v.json");
  json["n"] = 2000;
  write_text(folder / "v.json", json.dump());
  EXPECT_EQ(run_alea(run_with(folder / "run", folder / "v.json")).status, 4);
}

}  // namespace
}  // namespace alea::testing
