#include "protocols/precision_validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/files.h"

namespace alea {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PrecisionValidationFile : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  /// The toy config with changes, below float32 and allowed by the file.
  ResolvedConfig config(const Json& changes = Json::object()) const {
    Json json = read_json_file(fs::path(ALEA_SOURCE_DIR) / "protocols/configs/smoke.toy.json");
    json["precision"] = "bfloat16";
    json["precision_validation"] = file_.string();
    json.merge_patch(changes);
    return resolve_config(json, "toy.json");
  }
  /// One that passes: of the toy config without changes.
  PrecisionValidation passing() const {
    PrecisionValidation out{precision_identity(config().config, "bfloat16"), "", {}, Json::object()};
    out.found = {2000, 1667, 0, 0, 3, 0.25, {{"aleatoric.variance", 0.995, 0.985, 0.99}, {"random.score", 1, 1, 1}}};
    return out;
  }
  std::string refusal(const ResolvedConfig& resolved, const std::string& weights = "") const {
    try {
      allowed_precision(resolved, weights);
    } catch (const Error& error) {
      EXPECT_EQ(exit_status(error.code()), 2) << error.what();
      return error.what();
    }
    return "";
  }

  const fs::path folder_ = fs::temp_directory_path() / fmt::format("alea_precision_{}", ::getpid());
  const fs::path file_ = folder_ / "validation.json";
};

TEST_F(PrecisionValidationFile, PassesAtItsLimitsAndNotBelowThem) {
  PrecisionValidation at_limit = passing();
  at_limit.found.statistics[0] = {"aleatoric.variance", kLeastSpearman, kLeastOverlap, kLeastOverlap};
  EXPECT_THAT(objections(at_limit), IsEmpty());
  const auto objections_with = [&](auto change) {
    PrecisionValidation changed = at_limit;
    change(changed.found);
    return objections(changed);
  };
  EXPECT_THAT(objections_with([](auto& f) { f.statistics[0].spearman = 0.9899; }), ElementsAre(HasSubstr("Spearman")));
  EXPECT_THAT(objections_with([](auto& f) { f.statistics[0].overlap_lowest = 0.9799; }), ElementsAre(HasSubstr("lowest")));
  EXPECT_THAT(objections_with([](auto& f) { f.statistics[0].overlap_highest = 0.9799; }), ElementsAre(HasSubstr("highest")));
  EXPECT_THAT(objections_with([](auto& f) { f.statistics[0].spearman.reset(); }), ElementsAre(HasSubstr("equal")));
  EXPECT_THAT(objections_with([](auto& f) { f.n = 1999; }), ElementsAre(HasSubstr("too few")));
  EXPECT_THAT(objections_with([](auto& f) { f.lost = 1; }), ElementsAre(HasSubstr("float32 only")));
  EXPECT_THAT(objections_with([](auto& f) { f.statistics[1].spearman = 0; }), IsEmpty()) << "another statistic doesn't decide";
}

TEST_F(PrecisionValidationFile, IsReadAsItWasWritten) {
  write_validation(file_, passing());
  EXPECT_EQ(validation_to_json(read_validation(file_)), validation_to_json(passing()));
}

TEST_F(PrecisionValidationFile, AllowsItsRunAndItsFiguresEnterTheRecord) {
  write_validation(file_, passing());
  const Json facts = allowed_precision(config(), "");
  EXPECT_EQ(facts.at("file_sha256"), sha256_file(file_));
  EXPECT_EQ(facts.at("n"), 2000);
  EXPECT_EQ(facts.at("statistics").at(0).at("spearman"), 0.995);
  EXPECT_EQ(facts.at("worst_pixel"), 3);
  EXPECT_EQ(allowed_precision(config({{"seed", 9}, {"generate", 384}, {"keep", 320}, {"subsets", 30}}), ""), facts)
      << "none of these changes how scores rank";
}

TEST_F(PrecisionValidationFile, Float32NeedsNone) {
  EXPECT_TRUE(allowed_precision(config({{"precision", "float32"}, {"precision_validation", "nowhere.json"}}), "").empty());
}

TEST_F(PrecisionValidationFile, RefusesARunWithoutOneWithTheCommandThatMakesIt) {
  ResolvedConfig resolved = config({{"precision_validation", ""}});
  resolved.source = "toy.json --set /seed=2";
  EXPECT_THAT(refusal(resolved),
              AllOf(HasSubstr("/precision_validation"),
                    HasSubstr("alea validate toy.json --set /seed=2 --precision bfloat16 --out smoke.toy.bfloat16.json")));
}

TEST_F(PrecisionValidationFile, RefusesOneOfSomethingElse) {
  write_validation(file_, passing());
  EXPECT_THAT(refusal(config({{"sampler", {{"steps", 11}}}})), HasSubstr("another /sampler"));
  EXPECT_THAT(refusal(config({{"model", {{"width", 5}}}})), HasSubstr("another /model"));
  EXPECT_THAT(refusal(config({{"rank_by", "aleatoric.centred"}})), HasSubstr("another /rank_by"));
  EXPECT_THAT(refusal(config({{"keep", 150}})), HasSubstr("another /keep_share"));
  EXPECT_THAT(refusal(config({{"precision", "float16"}})), HasSubstr("another /precision"));
  EXPECT_THAT(refusal(config(), std::string(64, 'a')), HasSubstr("weights"));
}

TEST_F(PrecisionValidationFile, RefusesOneThatDoesNotPass) {
  PrecisionValidation failing = passing();
  failing.found.statistics[0].spearman = 0.9;
  write_validation(file_, failing);
  EXPECT_THAT(refusal(config()), AllOf(HasSubstr("doesn't pass"), HasSubstr("Spearman")));
}

TEST_F(PrecisionValidationFile, AChangedFileIsFoundOut) {
  PrecisionValidation failing = passing();
  failing.found.statistics[0].spearman = 0.9;
  Json json = validation_to_json(failing);
  json["statistics"][0]["spearman"] = 0.999;
  json["passes"] = true;
  atomic_write(file_, json.dump());
  try {
    read_validation(file_);
    ADD_FAILURE() << "was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::data);
    EXPECT_THAT(error.what(), HasSubstr("changed"));
  }
  json.erase("sha256");
  json["sha256"] = json_sha256(json);  // whoever forges the hash too must forge figures: the verdict is made again
  json["statistics"][0]["spearman"] = 0.9;
  json.erase("sha256");
  json["sha256"] = json_sha256(json);
  atomic_write(file_, json.dump());
  EXPECT_THAT(refusal(config()), HasSubstr("doesn't pass"));
  atomic_write(file_, std::string_view("{\"passes\": true}"));
  EXPECT_THROW(read_validation(file_), Error);
  fs::remove(file_);
  EXPECT_THROW(allowed_precision(config(), ""), Error);
}

}  // namespace
}  // namespace alea
