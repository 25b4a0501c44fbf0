#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config.h"
#include "thrown_by.h"

/// Configs as text: JSON, pointers, --set, and the messages of errors.

namespace alea {
namespace {

using testing::HasSubstr;

std::string parse_error(std::string_view text) {
  return thrown_by([&] { parse_json(text, "c.json"); }, ErrorCode::config);
}

std::string set_error(Json config, std::string_view assignment) {
  return thrown_by([&] { apply_set(config, assignment); }, ErrorCode::usage);
}

TEST(ConfigErrorsTest, TheMessageListsAllInAlignedColumns) {
  ConfigErrors errors;
  errors.throw_if_any("fine.json");
  errors.add("/sampler/steps", "must be an integer");
  errors.add("", "odd");
  errors.add("/x", "missing");
  EXPECT_EQ(thrown_by([&] { errors.throw_if_any("my.json"); }, ErrorCode::config),
            "my.json: 3 errors\n"
            "  /sampler/steps  must be an integer\n"
            "  (top level)     odd\n"
            "  /x              missing");
}

TEST(ConfigErrorsTest, OneErrorIsCalledOne) {
  ConfigErrors errors;
  errors.add("/x", "missing");
  EXPECT_EQ(thrown_by([&] { errors.throw_if_any("my.json"); }, ErrorCode::config), "my.json: 1 error\n  /x  missing");
}

TEST(NearestNameTest, SlipsAreFoundAndOtherWordsAreNot) {
  const std::vector<std::string> known = {"aleatoric", "bayesdiff", "mc_dropout", "random"};
  EXPECT_EQ(nearest_name("mcdropot", known), "mc_dropout");
  EXPECT_EQ(nearest_name("aelatoric", known), "aleatoric");
  EXPECT_EQ(nearest_name("RANDOM", known), "random");
  EXPECT_EQ(nearest_name("oracle", known), std::nullopt);
  EXPECT_EQ(nearest_name("", known), std::nullopt);
  EXPECT_EQ(nearest_name("a", {"b"}), std::nullopt);
}

TEST(NearestNameTest, ASwapCountsOnceAndTheNearestWins) {
  EXPECT_EQ(nearest_name("stpe", {"stop", "step"}), "step");
  EXPECT_EQ(nearest_name("ab", {"ba"}), "ba") << "two substitutions would be too far";
}

TEST(SuggestionTest, NamesTheNearestAndAllKnown) {
  EXPECT_EQ(suggestion("stpes", {"steps", "eta"}), "; did you mean \"steps\"? (known: steps, eta)");
  EXPECT_EQ(suggestion("zzzzzz", {"steps", "eta"}), "; known: steps, eta");
  EXPECT_EQ(suggestion("x", {}), "; known: none");
}

TEST(ParseJsonTest, StrictJsonIsReadAsItIs) {
  EXPECT_EQ(parse_json(R"( {"a": [1, -2, 3.5, "x", null, true], "b": {"a": {}}} )", "s").dump(),
            R"({"a":[1,-2,3.5,"x",null,true],"b":{"a":{}}})");
  EXPECT_EQ(parse_json("7", "s"), Json(7));
}

TEST(ParseJsonTest, ASyntaxErrorNamesSourceLineAndColumn) {
  EXPECT_THAT(parse_error("{\n  \"a\": 1,\n  \"b\": ?\n}"), HasSubstr("c.json: line 3, column 8: syntax error"));
  EXPECT_THAT(parse_error("x"), HasSubstr("c.json: line 1, column 1: "));
}

TEST(ParseJsonTest, DuplicateKeysAreRefusedWhereTheyStand) {
  EXPECT_EQ(parse_error("{\"a\": 1,\n \"b\": 2, \"a\": 3}"), "c.json: line 2, column 12: key \"a\" is given twice in one object");
  EXPECT_THAT(parse_error(R"({"o": {"b": 1, "b": 1}})"), HasSubstr("key \"b\""));
  EXPECT_NO_THROW(parse_json(R"([{"a":1},{"a":{"a":2},"b":{"a":3}}])", "s"));
}

TEST(ParseJsonTest, WhatStrictJsonForbidsIsRefused) {
  for (const char* text : {"", " ", "{\"a\":1} // comment", "/* c */ {}", "{\"a\":NaN}", "[Infinity]", "[-Infinity]", "{} {}",
                           "{\"a\":1,}", "[1,]", "{'a':1}", "{\"a\":1e999}", "[01]", "\"\xff\"", "{\"a\"", "[\"\n\"]"})
    EXPECT_THAT(parse_error(text), HasSubstr("c.json: line ")) << text;
}

TEST(ParseJsonTest, AHostileDepthIsRefusedAndAModestOneRead) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_NO_THROW(parse_json(nested(150), "s"));
  EXPECT_THAT(parse_error(nested(100000)), HasSubstr("nested more than"));
}

TEST(ReadJsonFileTest, AMissingFileIsAnInputErrorThatNamesIt) {
  EXPECT_THAT(thrown_by([] { read_json_file("/nowhere/c.json"); }, ErrorCode::io), HasSubstr("/nowhere/c.json"));
}

TEST(ApplySetTest, ValuesAreJsonOrElseBareStrings) {
  Json config = Json::object();
  for (const char* assignment : {"/steps=20", "/eta=0.5", "/clip=false", "/kind=ddim", "/quoted=\"20\"", "/list=[1,2]",
                                 "/none=null", "/empty=", "/equation=a=b"})
    apply_set(config, assignment);
  EXPECT_EQ(config, Json::parse(R"({"steps":20,"eta":0.5,"clip":false,"kind":"ddim","quoted":"20","list":[1,2],"none":null,
                                    "empty":"","equation":"a=b"})"));
}

TEST(ApplySetTest, ObjectsOnTheWayAreMadeAndOthersKept) {
  Json config = Json::parse(R"({"sampler":{"eta":1},"none":null})");
  apply_set(config, "/sampler/steps=20");
  apply_set(config, "/a/b/c=1");
  apply_set(config, "/none/x=2");
  EXPECT_EQ(config, Json::parse(R"({"sampler":{"eta":1,"steps":20},"a":{"b":{"c":1}},"none":{"x":2}})"));
}

TEST(ApplySetTest, ArraysTakeAnExistingIndexOrAppend) {
  Json config = Json::parse(R"({"m":[{"k":1},2]})");
  apply_set(config, "/m/0/k=5");
  apply_set(config, "/m/1=6");
  apply_set(config, "/m/-=7");
  apply_set(config, "/m/-/k=8");
  EXPECT_EQ(config, Json::parse(R"({"m":[{"k":5},6,7,{"k":8}]})"));
  for (const char* bad : {"/m/4=1", "/m/01=1", "/m/x=1", "/m/=1", "/m/-1=1", "/m/99999999999999999999=1"})
    EXPECT_THAT(set_error(config, bad), HasSubstr("/m is an array of 4")) << bad;
}

TEST(ApplySetTest, EscapesInPointersAreUndone) {
  Json config = Json::object();
  apply_set(config, "/a~1b/c~0d/~01=1");
  EXPECT_EQ(config, Json::parse(R"({"a/b":{"c~d":{"~1":1}}})"));
}

TEST(ApplySetTest, MalformedOnesAreUsageErrorsAndChangeNothing) {
  const Json before = Json::parse(R"({"n":1,"x":null})");
  for (const char* bad : {"", "=1", "steps=1", "/steps", "/a~2=1", "/a~=1", "/n/m=1", "/x\xff=1", "/x=\xff"}) {
    Json config = before;
    EXPECT_THAT(thrown_by([&] { apply_set(config, bad); }, ErrorCode::usage), HasSubstr("--set ")) << bad;
    EXPECT_EQ(config, before) << bad;
  }
}

TEST(ChildPointerTest, EscapesAsTheStandardSays) {
  EXPECT_EQ(child_pointer("", "a"), "/a");
  EXPECT_EQ(child_pointer("/x", "a/b~1"), "/x/a~1b~01");
  EXPECT_EQ(child_pointer("/x", 3u), "/x/3");
}

TEST(JsonSha256Test, IsThatOfTheCompactDumpAndBlindToOrder) {
  EXPECT_EQ(json_sha256(Json::object()), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");  // sha256("{}")
  EXPECT_EQ(json_sha256(Json::parse(R"({"b":1,"a":2})")), json_sha256(Json::parse(R"({ "a" : 2, "b" : 1 })")));
  EXPECT_NE(json_sha256(Json(1)), json_sha256(Json(1.0)));
}

}  // namespace
}  // namespace alea
