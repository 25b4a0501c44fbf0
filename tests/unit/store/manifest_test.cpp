#include "store/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/error.h"
#include "core/files.h"
#include "temporary_folder.h"

namespace alea {
namespace {

using ::testing::HasSubstr;

const Json kConfig = {{"sampler", {{"kind", "ddim"}, {"steps", 50}}}, {"seed", 1}, {"window", {45, 46, 47}}};

Json changed(const std::string& pointer, const Json& value) {
  Json config = kConfig;
  config[Json::json_pointer(pointer)] = value;
  return config;
}

std::string difference_of(const Json& left, const Json& right) {
  const auto [pointer, l, r] = first_difference(left, right);
  return pointer + " " + l + " " + r;
}

std::string error_of(ErrorCode expected, const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), expected) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no Error was thrown";
  return "";
}

TEST(Manifest, FirstDifferenceIsTheFirstInTheOrderOfKeys) {
  EXPECT_EQ(first_difference(kConfig, kConfig).pointer, "");
  EXPECT_EQ(difference_of(kConfig, changed("/sampler/steps", 20)), "/sampler/steps 50 20");
  EXPECT_EQ(difference_of(kConfig, changed("/window/1", 99)), "/window/1 46 99");
  EXPECT_EQ(difference_of(kConfig, changed("/window/3", 48)), "/window/3 absent 48");
  EXPECT_EQ(difference_of(changed("/window/3", 48), kConfig), "/window/3 48 absent");
  EXPECT_EQ(difference_of(kConfig, changed("/preset", "paper")), "/preset absent \"paper\"");
  EXPECT_EQ(difference_of(changed("/a~1b", 1), changed("/a~1b", 2)), "/a~1b 1 2");
  Json both = changed("/sampler/steps", 20);
  both["a"] = 1;
  EXPECT_EQ(first_difference(kConfig, both).pointer, "/a");
}

TEST(Manifest, AnIntegerAndAFloatDifferSinceTheirHashesDo) {
  EXPECT_EQ(difference_of(kConfig, changed("/seed", 1.0)), "/seed 1 1.0");
}

TEST(Manifest, LongValuesAreShownShortened) {
  EXPECT_THAT(first_difference(kConfig, changed("/seed", std::string(1000, 'x'))).right, ::testing::EndsWith("xxx..."));
}

TEST(Manifest, SurvivesTheFile) {
  const TemporaryFolder folder;
  const Json manifest = make_manifest(kConfig, 600, 100);
  atomic_write(folder / "manifest.json", manifest.dump(2));
  EXPECT_EQ(read_manifest(folder / "manifest.json"), manifest);
  EXPECT_EQ(manifest["config_sha256"], json_sha256(kConfig));
}

TEST(Manifest, AnotherRunIsRefusedWithPointerBothValuesAndTheMend) {
  const Json found = make_manifest(kConfig, 600, 100);
  check_same_run(found, found, "out");
  EXPECT_THAT(error_of(ErrorCode::not_comparable,
                       [&] { check_same_run(found, make_manifest(changed("/sampler/steps", 20), 600, 100), "runs/a"); }),
              HasSubstr("runs/a: holds a run of another config: /sampler/steps is 50 there and 20 here; choose another --out"));
  EXPECT_THAT(error_of(ErrorCode::not_comparable, [&] { check_same_run(found, make_manifest(kConfig, 601, 100), "a"); }),
              HasSubstr("/n_samples is 600 there and 601 here"));
  EXPECT_THAT(error_of(ErrorCode::not_comparable, [&] { check_same_run(found, make_manifest(kConfig, 600, 50), "a"); }),
              HasSubstr("/block is 100 there and 50 here"));
}

TEST(Manifest, NewerFormatIsRefusedNamingBothVersions) {
  const TemporaryFolder folder;
  Json manifest = {{"schema", "alea.store"}, {"format_version", 9}, {"created_by", "7.0.0"}};  // its fields may be others
  atomic_write(folder / "manifest.json", manifest.dump());
  EXPECT_THAT(error_of(ErrorCode::not_comparable, [&] { read_manifest(folder / "manifest.json"); }),
              HasSubstr("format version 9, this alea knows up to 1; use the alea that made it (\"7.0.0\")"));
}

TEST(Manifest, DamageIsADataErrorThatNamesTheKey) {
  const TemporaryFolder folder;
  const Json whole = make_manifest(kConfig, 600, 100);
  const auto error_with = [&](const std::string& text) {
    atomic_write(folder / "manifest.json", text);
    return error_of(ErrorCode::data, [&] { read_manifest(folder / "manifest.json"); });
  };
  EXPECT_THAT(error_with(whole.dump().substr(0, 50)), HasSubstr("the manifest is damaged"));
  EXPECT_THAT(error_with("[1, 2]"), HasSubstr("it isn't the manifest of a run"));
  EXPECT_THAT(error_with("{\"schema\": \"other\", \"format_version\": 1}"), HasSubstr("it isn't the manifest of a run"));
  for (const auto& [key, value] : std::map<std::string, Json>{{"n_samples", -1}, {"block", 1ull << 40}, {"n_samples", "6"}}) {
    Json manifest = whole;
    manifest[key] = value;
    EXPECT_THAT(error_with(manifest.dump()), HasSubstr("/" + key + ": expected a positive integer"));
  }
  Json touched = whole;
  touched["config"]["seed"] = 2;
  EXPECT_THAT(error_with(touched.dump()), HasSubstr("/config_sha256: the config's sha256 is " + json_sha256(touched["config"])));
  touched.erase("config");
  EXPECT_THAT(error_with(touched.dump()), HasSubstr("/config: is missing"));
}

TEST(Manifest, AbsentFileIsAnIoError) {
  const TemporaryFolder folder;
  error_of(ErrorCode::io, [&] { read_manifest(folder / "manifest.json"); });
}

}  // namespace
}  // namespace alea
