#include "core/config_extends.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "tests/support/process.h"
#include "thrown_by.h"

namespace alea {
namespace {

using ::testing::HasSubstr;

class ConfigExtends : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& text) const {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    testing::write_text(path, text);
    return path;
  }
  std::string read_error(const fs::path& path, ErrorCode code) const {
    return thrown_by([&] { read_config_file(path); }, code);
  }
  std::string in(const std::string& name) const { return (folder_ / name).string(); }

 private:
  const testing::TemporaryFolder folder_;
};

TEST_F(ConfigExtends, AFileWithoutItIsReadAsItIs) {
  EXPECT_EQ(read_config_file(write("a.json", R"({"b": [1, {"c": null}]})")), Json::parse(R"({"b": [1, {"c": null}]})"));
}

TEST_F(ConfigExtends, MergesObjectsReplacesArraysAndNullsAndLeavesNoKey) {
  write("parts/base.json", R"({"seed": 1, "sampler": {"kind": "ddim", "steps": 50}, "list": [1, 2, 3], "guide": {"x": 1}})");
  const fs::path top = write("top.json", R"({"extends": "parts/base.json", "sampler": {"steps": 20, "clip": true},
                                            "list": [9], "guide": null})");
  EXPECT_EQ(read_config_file(top), Json::parse(R"({"seed": 1, "sampler": {"kind": "ddim", "steps": 20, "clip": true},
                                                   "list": [9], "guide": null})"));
}

TEST_F(ConfigExtends, LaterFilesOverrideEarlierOnesAndTheFileItselfAll) {
  write("one.json", R"({"a": 1, "b": 1, "c": 1})");
  write("two.json", R"({"b": 2, "c": 2})");
  EXPECT_EQ(read_config_file(write("top.json", R"({"c": 3, "extends": ["one.json", "two.json"]})")),
            Json::parse(R"({"a": 1, "b": 2, "c": 3})"));
  EXPECT_EQ(read_config_file(write("turned.json", R"({"extends": ["two.json", "one.json"]})")),
            Json::parse(R"({"a": 1, "b": 1, "c": 1})"));
}

TEST_F(ConfigExtends, PathsAreRelativeToTheFileThatNamesThem) {
  write("shared/base.json", R"({"a": 1})");
  write("shared/middle.json", R"({"extends": "base.json", "b": 2})");
  write("base.json", R"({"a": "the wrong one"})");
  EXPECT_EQ(read_config_file(write("rows/top.json", R"({"extends": "../shared/middle.json"})")),
            Json::parse(R"({"a": 1, "b": 2})"));
}

TEST_F(ConfigExtends, OneBaseMayBeReachedTwice) {
  write("base.json", R"({"a": 1})");
  write("left.json", R"({"extends": "base.json", "b": 2})");
  write("right.json", R"({"extends": "base.json", "c": 3})");
  EXPECT_EQ(read_config_file(write("top.json", R"({"extends": ["left.json", "right.json"]})")),
            Json::parse(R"({"a": 1, "b": 2, "c": 3})"));
}

TEST_F(ConfigExtends, ACircleNamesItsChain) {
  const fs::path a = write("a.json", R"({"extends": "b.json"})");
  write("b.json", R"({"extends": "sub/../a.json"})");
  const std::string text = read_error(a, ErrorCode::config);
  EXPECT_THAT(text, HasSubstr("a circle: " + in("a.json") + " -> " + in("b.json") + " -> " + in("a.json")));
  EXPECT_THAT(read_error(write("own.json", R"({"extends": "own.json"})"), ErrorCode::config), HasSubstr("a circle"));
}

TEST_F(ConfigExtends, AMissingFileNamesItsChain) {
  write("b.json", R"({"extends": ["gone.json"]})");
  const std::string text = read_error(write("a.json", R"({"extends": "b.json"})"), ErrorCode::io);
  EXPECT_THAT(text, HasSubstr(in("b.json") + ": /extends: no such file: " + in("gone.json")));
  EXPECT_THAT(text, HasSubstr("(read as " + in("a.json") + " -> " + in("b.json") + ")"));
}

TEST_F(ConfigExtends, WrongTypesAreNamedWithTheirPlace) {
  write("ok.json", "{}");
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {R"({"extends": 3})", "/extends: expected a path relative to this file, found 3"},
           {R"({"extends": ["ok.json", {}]})", "/extends/1: expected a path relative to this file, found an object"},
           {R"({"extends": ""})", "/extends: expected a path"},
           {R"({"extends": null})", "/extends: expected a path"},
           {R"({"extends": "/etc/passwd"})", "found /etc/passwd"}})
    EXPECT_THAT(read_error(write("a.json", text), ErrorCode::config), HasSubstr(message));
  write("list.json", "[1]");
  const std::string text = read_error(write("a.json", R"({"extends": "list.json"})"), ErrorCode::config);
  EXPECT_THAT(text, HasSubstr(in("list.json") + ": (top level): a config is an object, found an array"));
  EXPECT_THAT(text, HasSubstr("read as " + in("a.json") + " -> "));
}

TEST_F(ConfigExtends, DamagedJsonOfABaseSaysLineAndChain) {
  write("bad.json", "{\n \"a\": }");
  const std::string text = read_error(write("a.json", R"({"extends": "bad.json"})"), ErrorCode::config);
  EXPECT_THAT(text, HasSubstr("line 2"));
  EXPECT_THAT(text, HasSubstr("read as " + in("a.json") + " -> " + in("bad.json")));
}

}  // namespace
}  // namespace alea
