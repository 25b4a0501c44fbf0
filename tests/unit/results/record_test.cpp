#include "results/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"
#include "core/files.h"
#include "json_schema.h"
#include "sample_record.h"

namespace alea {
namespace {

using ::testing::HasSubstr;

std::string problems(const Json& json) {
  static const Json schema = read_json_file(fs::path(ALEA_SOURCE_DIR) / "results/schema/record.schema.json");
  return schema_problems(schema, json);
}

template <class Call>
Error error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorCode::internal, "no error was thrown");
}

TEST(Record, RoundTripIsTheSameJson) {
  const Json json = record_to_json(sample_record());
  EXPECT_EQ(record_to_json(record_from_json(json, "memory")).dump(), json.dump());
}

TEST(Record, RoundTripKeepsEveryBitOfADouble) {
  Record record = sample_record();
  record.metrics[0].value = 0.1 + 0.2;
  record.metrics[0].half_differences = {0.25, -1.0 / 7.0};
  record.metrics[0].leave_one_out = {1.0 / 3.0, std::numeric_limits<double>::denorm_min(), -0.0};
  const Record back = record_from_json(parse_json(record_to_json(record).dump(), "text"), "text");
  EXPECT_EQ(*back.metrics[0].value, 0.1 + 0.2);
  EXPECT_EQ(back.metrics[0].leave_one_out, record.metrics[0].leave_one_out);
  EXPECT_EQ(back.metrics[0].half_differences, record.metrics[0].half_differences);
}

TEST(Record, FileRoundTripIsByteIdentical) {
  const fs::path folder = fs::path(::testing::TempDir()) / ("record_test_" + std::to_string(::getpid()));
  fs::create_directories(folder);
  write_record(folder / "a.json", sample_record());
  write_record(folder / "b.json", read_record(folder / "a.json"));
  EXPECT_EQ(read_file(folder / "a.json"), read_file(folder / "b.json"));
  fs::remove_all(folder);
}

TEST(Record, MatchesItsSchema) { EXPECT_EQ(problems(record_to_json(sample_record())), ""); }

TEST(Record, SchemaRefusesWhatTheReaderRefuses) {
  const Json good = record_to_json(sample_record());
  const std::vector<std::string> patches = {
      R"([{"op":"remove","path":"/metrics"}])",
      R"([{"op":"add","path":"/extra","value":1}])",
      R"([{"op":"replace","path":"/schema_version","value":2}])",
      R"([{"op":"replace","path":"/metrics/0/direction","value":"up"}])",
      R"([{"op":"replace","path":"/metrics/0/value","value":"3"}])",
      R"([{"op":"replace","path":"/metrics/0/value","value":null}])",
      R"([{"op":"add","path":"/metrics/0/why_null","value":"because"}])",
      R"([{"op":"remove","path":"/metrics/1/why_null"}])",
      R"([{"op":"replace","path":"/metrics/0/n","value":-1}])",
      R"([{"op":"remove","path":"/metrics/0/interval/low"}])",
      R"([{"op":"replace","path":"/metrics/0/leave_one_out/0","value":"x"}])",
      R"([{"op":"replace","path":"/invalid_reasons","value":[3]}])",
      R"([{"op":"replace","path":"/config","value":[]}])",
  };
  for (const std::string& patch : patches) {
    const Json bad = good.patch(Json::parse(patch));
    EXPECT_NE(problems(bad), "") << patch;
    EXPECT_EQ(error_of([&] { record_from_json(bad, "memory"); }).code(), ErrorCode::data) << patch;
  }
}

TEST(Record, ReaderNamesEveryProblemWithItsPointer) {
  Json json = record_to_json(sample_record());
  json.erase("protocol");
  json["metrics"][1]["n"] = -4;
  json["metrics"][0]["surprise"] = true;
  const std::string what = error_of([&] { record_from_json(json, "runs/a/record.json"); }).what();
  EXPECT_THAT(what, HasSubstr("runs/a/record.json"));
  EXPECT_THAT(what, HasSubstr("/protocol  is missing"));
  EXPECT_THAT(what, HasSubstr("/metrics/1/n"));
  EXPECT_THAT(what, HasSubstr("/metrics/0/surprise"));
}

TEST(Record, ReaderRefusesAVerdictThatContradictsTheReasons) {
  Json json = record_to_json(sample_record());
  json["valid"] = false;
  EXPECT_THAT(error_of([&] { record_from_json(json, "memory"); }).what(), HasSubstr("/valid"));
}

TEST(Record, NanAndInfinityAreBugsNamedByPointer) {
  Record record = sample_record();
  record.metrics[0].details["deep"] = {{"list", {1.0, std::nan("")}}};
  const Error nan = error_of([&] { record_to_json(record); });
  EXPECT_EQ(nan.code(), ErrorCode::internal);
  EXPECT_THAT(nan.what(), HasSubstr("/metrics/0/details/deep/list/1"));

  record = sample_record();
  record.metrics[0].interval->high = std::numeric_limits<double>::infinity();
  EXPECT_THAT(error_of([&] { record_to_json(record); }).what(), HasSubstr("/metrics/0/interval/high"));
}

TEST(Record, AValueAndAReasonForItsAbsenceExcludeEachOther) {
  Record both = sample_record();
  both.metrics[0].why_null = "because";
  EXPECT_EQ(error_of([&] { record_to_json(both); }).code(), ErrorCode::internal);
  Record neither = sample_record();
  neither.metrics[1].why_null.clear();
  EXPECT_EQ(error_of([&] { record_to_json(neither); }).code(), ErrorCode::internal);
}

TEST(Record, UnfilledIdentityIsABug) {
  Record record = sample_record();
  record.model = Json();
  EXPECT_EQ(error_of([&] { record_to_json(record); }).code(), ErrorCode::internal);
}

TEST(Record, AbsentFileIsIoAndNonsenseIsData) {
  EXPECT_EQ(error_of([] { read_record("/nowhere/record.json"); }).code(), ErrorCode::io);
  const fs::path file = fs::path(::testing::TempDir()) / ("nonsense_" + std::to_string(::getpid()) + ".json");
  atomic_write(file, std::string_view("{\"schema\": "));
  EXPECT_EQ(error_of([&] { read_record(file); }).code(), ErrorCode::data);
  fs::remove(file);
}

}  // namespace
}  // namespace alea
