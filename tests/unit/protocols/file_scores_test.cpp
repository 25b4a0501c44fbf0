#include "protocols/file_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>

#include "fake_run.h"
#include "formats/npy.h"

namespace alea {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class FileScoresTest : public testing::Test {
 protected:
  FileScoresTest() { fs::create_directories(folder_); }
  ~FileScoresTest() override { fs::remove_all(folder_); }

  template <class T>
  static TensorSpan span_of(const std::vector<T>& values, std::vector<std::int64_t> shape) {
    return {DTypeOf<T>::value, std::move(shape), std::as_bytes(std::span(values))};
  }

  /// {"name": "mine", "file": ..., "ids": ...} of scores and, where given, ids.
  FileScoresOptions options_of(const std::vector<double>& scores, const std::vector<std::uint64_t>& ids = {}) {
    std::map<std::string, TensorSpan> arrays{{"scores", span_of(scores, {static_cast<std::int64_t>(scores.size())})}};
    if (!ids.empty()) arrays["ids"] = span_of(ids, {static_cast<std::int64_t>(ids.size())});
    const fs::path path = folder_ / "mine.npz";
    write_npz(path, arrays, false);
    return {"mine", path.string() + ":scores", ids.empty() ? "" : path.string() + ":ids"};
  }

  std::string refusal(const FileScoresOptions& options, std::uint64_t n) {
    try {
      read_file_scores(options, n, n);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::data);
      return error.what();
    }
    return "";
  }

  fs::path folder_ = fs::temp_directory_path() / fmt::format("alea_file_scores_{}", ::getpid());
};

TEST_F(FileScoresTest, AreJoinedById) {
  const FileScores scores = read_file_scores(options_of({5, 0.1, 7, 9}, {3, 0, 12, 1}), 2, 2);
  EXPECT_THAT(scores.scores, ElementsAre(0.1, 9));
  EXPECT_EQ(scores.facts.at("extra_nfe"), 0);
  EXPECT_TRUE(scores.facts.at("ids").contains("sha256"));
}

TEST_F(FileScoresTest, WithoutIdsAreOneAnImageInOrder) {
  EXPECT_THAT(read_file_scores(options_of({5, 6, 7}), 3, 3).scores, ElementsAre(5, 6, 7));
  EXPECT_THAT(read_file_scores(options_of({5, 6, 7}), 3, 2).scores, ElementsAre(5, 6));  // a limited run
  EXPECT_THAT(refusal(options_of({5, 6}), 3), AllOf(HasSubstr("expected 3 rows"), HasSubstr("[2]"), HasSubstr("/ids")));
}

TEST_F(FileScoresTest, MapsAreSummedInDouble) {
  const std::vector<float> maps = {16777216, 1, 1, 1, 2, 3, 4, 5};
  const fs::path path = folder_ / "maps.npz";
  write_npz(path, {{"u", span_of(maps, {2, 2, 2})}}, false);
  EXPECT_THAT(read_file_scores({"mine", path.string()}, 2, 2).scores, ElementsAre(16777219, 14));
}

TEST_F(FileScoresTest, HdfFivesAreReadToo) {
  const std::vector<double> values = {0.25, 1e-300};
  atomic_write(folder_ / "mine.h5", hdf5_image({{"group/u", make_array<double>(values, {2})}}));
  EXPECT_THAT(read_file_scores({"mine", (folder_ / "mine.h5").string() + ":group/u"}, 2, 2).scores, ElementsAre(0.25, 1e-300));
}

TEST_F(FileScoresTest, WhatDoesNotFitIsNamed) {
  EXPECT_THAT(refusal(options_of({1, 2, 3}, {0, 1, 5}), 4),
              AllOf(HasSubstr("no score of 2 of the 4 images: ids 2, 3"), HasSubstr("mine.npz")));
  EXPECT_THAT(refusal(options_of({1, 2}, {1, 1}), 2), AllOf(HasSubstr("row 1"), HasSubstr("id 1 comes twice")));
  EXPECT_THAT(refusal(options_of({1, 2, 3}, {0, 1}), 2), AllOf(HasSubstr("expected [3]"), HasSubstr("found [2]")));
  const FileScoresOptions fractional = options_of({0.5, 1});
  EXPECT_THAT(refusal({"mine", fractional.file, fractional.file}, 2),
              HasSubstr("expected an id, a whole number from 0, found 0.5"));
  try {
    read_file_scores({"mine", (folder_ / "nowhere.npz").string()}, 2, 2);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("nowhere.npz"), HasSubstr("alea sample")));
  }
}

TEST(FileScoresNames, MustBeNamesOfTheirOwn) {
  ConfigErrors errors;
  check_file_scores({{"mine.score"}, {"mine.score"}, {"free.mine"}, {"random.mine"}, {"Mine"}, {""}, {"aleatoric.variance"}},
                    {"aleatoric.variance"}, errors);
  std::vector<std::string> pointers;
  for (const auto& [pointer, message] : errors.items()) pointers.push_back(pointer);
  EXPECT_THAT(pointers, ElementsAre("/from_file/1/name", "/from_file/2/name", "/from_file/3/name", "/from_file/4/name",
                                    "/from_file/5/name", "/from_file/6/name"));
}

/// A fake run of which a tool scored the images: as the knowing estimator does, negated.
class FilteringFromFile : public FileScoresTest {
 protected:
  FakeRun run_with(double score_of_id_7, std::uint64_t non_finite_below = 0) {
    FakeRun run("from_file");
    run.non_finite_below = non_finite_below;
    std::vector<double> scores;
    std::vector<std::uint64_t> ids;
    for (std::uint64_t id = run.n; id-- > 0;) {
      ids.push_back(id);
      scores.push_back(id == 7 ? score_of_id_7 : -run.score("aleatoric.variance", id));
    }
    const FileScoresOptions options = options_of(scores, ids);
    run.config["from_file"] = {{{"name", "mine.score"}, {"file", options.file}, {"ids", options.ids}, {"extra_nfe", 30}}};
    run.config["rank_by"] = "mine.score";
    return run;
  }
};

TEST_F(FilteringFromFile, ScoresAreJudgedLikeAnEstimators) {
  FakeRun run = run_with(-FakeRun("x").score("aleatoric.variance", 7));
  run.write_reference();
  const auto [record, curves] = run.score_all();
  EXPECT_EQ(*row_of(record, "fd.pixels.kept.mine.score.highest").value,
            *row_of(record, "fd.pixels.kept.aleatoric.variance.lowest").value);
  EXPECT_EQ(*row_of(record, "fd.pixels.kept").value, *row_of(record, "fd.pixels.kept.mine.score.lowest").value);
  EXPECT_EQ(row_of(record, "fd.pixels.kept.mine.score.lowest").details.at("group"), "estimators");
  EXPECT_EQ(record.data.at("from_file").at(0).at("extra_nfe"), 30);
  EXPECT_EQ(record.cost.at("extra"), 9);
  EXPECT_THAT(record.departures, Contains(HasSubstr("ranks by mine.score")));
  EXPECT_TRUE(curves.contains("scores/mine.score"));
}

TEST_F(FilteringFromFile, ANumberThatIsNotFiniteIsRefusedUnlessItsImageIsNot) {
  FakeRun run = run_with(std::nan(""));
  run.config["reference"] = "self";
  try {
    run.score_all();
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::data);
    EXPECT_THAT(error.what(), HasSubstr("score of image 7 is nan"));
  }
  FakeRun lost = run_with(std::nan(""), 8);
  lost.config["reference"] = "self";
  EXPECT_EQ(lost.score_all().record.samples.at("non_finite"), 8);
}

}  // namespace
}  // namespace alea
