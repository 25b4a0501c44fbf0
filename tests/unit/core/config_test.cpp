#include "core/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "thrown_by.h"

namespace alea {
namespace {

struct Window {
  int first = 45;
  std::optional<int> last;
};

struct Everything {
  std::string name = "ddim";
  std::string spacing = "leading";
  int steps = 50;
  std::uint8_t small = 7;
  std::uint64_t seed = 1;
  std::int64_t offset = -2;
  double eta = 0;
  float lambda = 0.1f;
  bool clip = true;
  std::optional<double> threshold;
  std::vector<int> sizes = {1, 2};
  std::vector<bool> flags;
  std::vector<Window> windows;
  Window window{.first = 40, .last = 48};
  Json extra = Json::object();
};

struct Strict {
  int steps = 0;
  Json model;
};

struct Outer {
  Strict inner;
};

}  // namespace

template <>
struct Fields<Window> {
  static auto table() {
    return std::tuple{field("first", &Window::first, "first index").range(0, 999), field("last", &Window::last, "last index")};
  }
};

template <>
struct Fields<Everything> {
  static auto table() {
    using E = Everything;
    return std::tuple{field("name", &E::name, "name"),
                      field("spacing", &E::spacing, "how steps are spaced").one_of({"leading", "linspace", "trailing"}),
                      field("steps", &E::steps, "number of solver intervals").range(1, 1000),
                      field("small", &E::small, "a byte"),
                      field("seed", &E::seed, "seed"),
                      field("offset", &E::offset, "offset"),
                      field("eta", &E::eta, "0 = deterministic").range(0, 1),
                      field("lambda", &E::lambda, "strength"),
                      field("clip", &E::clip, "clip x0"),
                      field("threshold", &E::threshold, "threshold").range(0, 1e9),
                      field("sizes", &E::sizes, "sizes").range(1, 9),
                      field("flags", &E::flags, "flags"),
                      field("windows", &E::windows, "windows"),
                      field("window", &E::window, "window"),
                      field("extra", &E::extra, "passed through")};
  }
};

template <>
struct Fields<Strict> {
  static auto table() {
    return std::tuple{field("steps", &Strict::steps, "number of solver intervals").required(),
                      field("model", &Strict::model, "a network").required()};
  }
};

template <>
struct Fields<Outer> {
  static auto table() { return std::tuple{field("inner", &Outer::inner, "inner")}; }
};

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Everything read(const char* json, ConfigErrors& errors) { return read_options<Everything>(Json::parse(json), "", errors); }

/// The one error that `json` makes, as "POINTER MESSAGE".
std::string only_error(const char* json) {
  ConfigErrors errors;
  read(json, errors);
  if (errors.items().size() != 1) return fmt::format("{} errors", errors.items().size());
  return errors.items()[0].first + " " + errors.items()[0].second;
}

TEST(ReadOptionsTest, AnEmptyObjectGivesTheMembersOwnDefaults) {
  ConfigErrors errors;
  const auto options = read("{}", errors);
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(to_json(options), to_json(Everything{}));
  EXPECT_EQ(options.window.first, 40);
}

TEST(ReadOptionsTest, EveryTypeIsRead) {
  ConfigErrors errors;
  const auto options = read(R"({"name":"x","spacing":"trailing","steps":20,"small":255,"seed":18446744073709551615,
      "offset":-9223372036854775808,"eta":1,"lambda":0.25,"clip":false,"threshold":2.5,"sizes":[3],"flags":[true,false],
      "windows":[{"first":1},{"last":2}],"window":{"last":null},"extra":[1,{"a":null}]})",
                            errors);
  ASSERT_TRUE(errors.empty()) << errors.items()[0].first << errors.items()[0].second;
  EXPECT_EQ(options.name, "x");
  EXPECT_EQ(options.spacing, "trailing");
  EXPECT_EQ(options.steps, 20);
  EXPECT_EQ(options.small, 255);
  EXPECT_EQ(options.seed, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(options.offset, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(options.eta, 1.0);
  EXPECT_EQ(options.lambda, 0.25f);
  EXPECT_FALSE(options.clip);
  EXPECT_EQ(options.threshold, 2.5);
  EXPECT_THAT(options.sizes, ElementsAre(3));
  EXPECT_THAT(options.flags, ElementsAre(true, false));
  ASSERT_EQ(options.windows.size(), 2u);
  EXPECT_EQ(options.windows[0].first, 1);
  EXPECT_EQ(options.windows[1].first, 45);
  EXPECT_EQ(options.windows[1].last, 2);
  EXPECT_EQ(options.window.first, 40) << "a nested struct starts from the outer one's default";
  EXPECT_EQ(options.window.last, std::nullopt);
  EXPECT_EQ(options.extra, Json::parse(R"([1,{"a":null}])"));
}

TEST(ReadOptionsTest, TheResolvedConfigReadsBackAsItself) {
  ConfigErrors errors;
  const Json resolved = to_json(read(R"({"windows":[{}],"threshold":0.5,"eta":1,"lambda":0.3})", errors));
  EXPECT_EQ(to_json(read_options<Everything>(resolved, "", errors)), resolved);
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(resolved.size(), field_names<Everything>().size());
}

TEST(ReadOptionsTest, FloatsAreStoredAsWrittenAndIntegersInNumberFieldsAsNumbers) {
  ConfigErrors errors;
  const Json resolved = to_json(read(R"({"lambda":0.3,"eta":1})", errors));
  EXPECT_EQ(resolved["lambda"].dump(), "0.3");
  EXPECT_EQ(resolved["eta"].dump(), "1.0");
  EXPECT_EQ(to_json(Everything{})["lambda"].dump(), "0.1");
}

TEST(ReadOptionsTest, WrongTypesAreNamedWithWhatWasFound) {
  EXPECT_EQ(only_error(R"({"steps":1.5})"), "/steps must be an integer, not 1.5");
  EXPECT_EQ(only_error(R"({"steps":3.0})"), "/steps must be an integer, not 3.0");
  EXPECT_EQ(only_error(R"({"steps":"20"})"), "/steps must be an integer, not \"20\"");
  EXPECT_EQ(only_error(R"({"steps":true})"), "/steps must be an integer, not true");
  EXPECT_EQ(only_error(R"({"steps":null})"), "/steps must be an integer, not null");
  EXPECT_EQ(only_error(R"({"seed":1.0})"), "/seed must be an integer, not 1.0");
  EXPECT_EQ(only_error(R"({"eta":"0"})"), "/eta must be a number, not \"0\"");
  EXPECT_EQ(only_error(R"({"eta":false})"), "/eta must be a number, not false");
  EXPECT_EQ(only_error(R"({"clip":1})"), "/clip must be true or false, not 1");
  EXPECT_EQ(only_error(R"({"name":7})"), "/name must be a string, not 7");
  EXPECT_EQ(only_error(R"({"sizes":{}})"), "/sizes must be an array, not an object");
  EXPECT_EQ(only_error(R"({"sizes":[2,"x"]})"), "/sizes/1 must be an integer, not \"x\"");
  EXPECT_EQ(only_error(R"({"window":[]})"), "/window must be an object, not an array");
  EXPECT_EQ(only_error(R"({"windows":[{},3]})"), "/windows/1 must be an object, not 3");
  EXPECT_EQ(only_error(R"({"extra":3})"), "/extra must be an object or array, not 3");
  EXPECT_EQ(only_error(R"([])"), " must be an object, not an array");
}

TEST(ReadOptionsTest, BoundsAreInclusiveAndNamed) {
  EXPECT_EQ(only_error(R"({"steps":0})"), "/steps must be from 1 to 1000, not 0");
  EXPECT_EQ(only_error(R"({"steps":1001})"), "/steps must be from 1 to 1000, not 1001");
  EXPECT_EQ(only_error(R"({"steps":1})"), "0 errors");
  EXPECT_EQ(only_error(R"({"steps":1000})"), "0 errors");
  EXPECT_EQ(only_error(R"({"eta":1.0001})"), "/eta must be from 0 to 1, not 1.0001");
  EXPECT_EQ(only_error(R"({"threshold":-1})"), "/threshold must be from 0 to 1000000000, not -1");
  EXPECT_EQ(only_error(R"({"sizes":[1,10]})"), "/sizes/1 must be from 1 to 9, not 10");
  EXPECT_EQ(only_error(R"({"windows":[{"first":-1}]})"), "/windows/0/first must be from 0 to 999, not -1");
}

TEST(ReadOptionsTest, NumbersThatTheTypeCannotHoldAreRefused) {
  EXPECT_EQ(only_error(R"({"small":256})"), "/small must be from 0 to 255, not 256");
  EXPECT_EQ(only_error(R"({"small":-1})"), "/small must be from 0 to 255, not -1");
  EXPECT_EQ(only_error(R"({"seed":-1})"), "/seed must be from 0 to 18446744073709551615, not -1");
  EXPECT_EQ(only_error(R"({"seed":18446744073709551616})"), "/seed must be an integer, not 1.8446744073709552e+19");
  EXPECT_EQ(only_error(R"({"offset":9223372036854775808})"),
            "/offset must be from -9223372036854775808 to 9223372036854775807, not 9223372036854775808");
  EXPECT_EQ(only_error(R"({"window":{"last":2147483648}})"),
            "/window/last must be from -2147483648 to 2147483647, not 2147483648");
  EXPECT_THAT(only_error(R"({"lambda":1e39})"), HasSubstr("/lambda must be from "));
}

TEST(ReadOptionsTest, ANameOutsideTheChoicesGetsASuggestion) {
  EXPECT_EQ(only_error(R"({"spacing":"leeding"})"),
            "/spacing \"leeding\" is not a choice; did you mean \"leading\"? (known: leading, linspace, trailing)");
}

TEST(ReadOptionsTest, AnUnknownKeyGetsASuggestionAndAnEscapedPointer) {
  EXPECT_THAT(only_error(R"({"stpes":20})"), HasSubstr("/stpes unknown key; did you mean \"steps\"? (known: name, spacing, "));
  EXPECT_EQ(only_error(R"({"window":{"a/b~c":1}})"), "/window/a~1b~0c unknown key; known: first, last");
}

TEST(ReadOptionsTest, AllErrorsComeAtOnceAndTheGoodFieldsAreRead) {
  ConfigErrors errors;
  const auto options = read(R"({"steps":0,"eta":"x","nmae":"y","window":{"first":"z"},"small":9})", errors);
  EXPECT_THAT(errors.items(), ElementsAre(Pair("/nmae", HasSubstr("name")), Pair("/steps", HasSubstr("from 1")),
                                          Pair("/eta", HasSubstr("number")), Pair("/window/first", HasSubstr("integer"))));
  EXPECT_EQ(options.small, 9);
  EXPECT_EQ(options.steps, 50) << "a refused value leaves the default";
}

TEST(ReadOptionsTest, MissingRequiredKeysAreNamedAlsoInsideANestedStructThatIsAbsent) {
  ConfigErrors errors;
  read_options<Outer>(Json::object(), "/a", errors);
  EXPECT_THAT(errors.items(), ElementsAre(Pair("/a/inner/steps", "missing required key: an integer, number of solver intervals"),
                                          Pair("/a/inner/model", "missing required key: an object or array, a network")));
}

TEST(ReadOptionsTest, ARequiredPassedThroughValueMayNotBeNull) {
  ConfigErrors errors;
  read_options<Strict>(Json::parse(R"({"steps":1,"model":null})"), "", errors);
  EXPECT_THAT(errors.items(), ElementsAre(Pair("/model", "must be an object or array, not null")));
}

TEST(ToJsonTest, ANumberThatJsonCannotHoldIsOurBug) {
  Everything options;
  options.eta = std::numeric_limits<double>::infinity();
  EXPECT_THAT(thrown_by([&] { to_json(options); }, ErrorCode::internal), HasSubstr("can't hold"));
}

TEST(JsonSchemaTest, CarriesTypesRangesChoicesAndDefaults) {
  const Json schema = json_schema<Everything>();
  EXPECT_EQ(schema["type"], "object");
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["required"], Json::array());
  const Json& properties = schema["properties"];
  EXPECT_EQ(properties.size(), field_names<Everything>().size());
  EXPECT_EQ(properties["steps"], Json::parse(R"({"type":"integer","minimum":1,"maximum":1000,"default":50,
                                                 "description":"number of solver intervals"})"));
  EXPECT_EQ(properties["spacing"]["enum"], Json::parse(R"(["leading","linspace","trailing"])"));
  EXPECT_EQ(properties["seed"]["minimum"], 0);
  EXPECT_EQ(properties["lambda"]["type"], "number");
  EXPECT_EQ(properties["clip"]["default"], true);
  EXPECT_EQ(properties["threshold"]["type"], Json::parse(R"(["number","null"])"));
  EXPECT_EQ(properties["threshold"]["default"], nullptr);
  EXPECT_EQ(properties["sizes"]["items"], Json::parse(R"({"type":"integer","minimum":1,"maximum":9})"));
  EXPECT_EQ(properties["window"]["properties"]["first"]["default"], 40) << "the outer struct's default";
  EXPECT_EQ(properties["windows"]["items"]["properties"]["first"]["default"], 45);
  EXPECT_EQ(properties["extra"]["type"], Json::parse(R"(["object","array","null"])"));
}

TEST(JsonSchemaTest, RequiredKeysAreListedAndMakeTheirParentRequired) {
  const Json schema = json_schema<Outer>();
  EXPECT_EQ(schema["required"], Json::parse(R"(["inner"])"));
  EXPECT_EQ(schema["properties"]["inner"]["required"], Json::parse(R"(["steps","model"])"));
  EXPECT_FALSE(schema["properties"]["inner"]["properties"]["steps"].contains("default"));
}

TEST(FieldNamesTest, KeepTheOrderOfTheTable) { EXPECT_THAT(field_names<Window>(), ElementsAre("first", "last")); }

TEST(FieldHelpTest, SaysTypeDefaultRangeAndMeaningOfEveryFieldAlsoNestedOnes) {
  EXPECT_EQ(field_help<Window>(),
            "  /first  integer          45    0 to 999  first index\n"
            "  /last   integer or null  null            last index\n");
  const std::string all = field_help<Everything>();
  EXPECT_THAT(all, testing::ContainsRegex("/window/first +integer +40 +0 to 999 +first index\n"));
  EXPECT_THAT(all, testing::ContainsRegex("/spacing +string +\"leading\" +leading, linspace, trailing +how"));
  EXPECT_THAT(all, testing::ContainsRegex("/windows +array of object +\\[\\] +windows\n"));
  EXPECT_THAT(all, testing::ContainsRegex("/windows/\\*/first +integer +45 "));
  EXPECT_THAT(all, testing::ContainsRegex("/sizes +array of integer +\\[1,2\\] +1 to 9 +sizes\n"));
  EXPECT_THAT(field_help<Outer>(), testing::ContainsRegex("/inner/steps +integer +required +number of"));
}

}  // namespace
}  // namespace alea
