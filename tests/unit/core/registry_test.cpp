#include "core/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace alea {
namespace {

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
};

struct SquareOptions {
  double side = 2;
};
struct RectangleOptions {
  double width = 0, height = 1;
};

}  // namespace

template <>
struct Fields<SquareOptions> {
  static auto table() { return std::tuple{field("side", &SquareOptions::side, "side").range(0, 100)}; }
};
template <>
struct Fields<RectangleOptions> {
  static auto table() {
    return std::tuple{field("width", &RectangleOptions::width, "width").required(),
                      field("height", &RectangleOptions::height, "height")};
  }
};

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

struct Box : Shape {
  explicit Box(double area) : area_(area) {}
  double area() const override { return area_; }
  double area_;
};

using Shapes = Registry<Shape, double, std::unique_ptr<int>>;

Shapes::Entry square(const std::string& name = "square") {
  return make_plugin<Shape, SquareOptions, double, std::unique_ptr<int>>(
      name, "equal sides", [](const SquareOptions& o, double scale, std::unique_ptr<int> extra) {
        return std::make_unique<Box>(o.side * o.side * scale + *extra);
      });
}

Shapes shapes() {
  return {"shape",
          {square(), make_plugin<Shape, RectangleOptions, double, std::unique_ptr<int>>(
                         "rectangle", "two sides", [](const RectangleOptions& o, double scale, std::unique_ptr<int>) {
                           return std::make_unique<Box>(o.width * o.height * scale);
                         })}};
}

TEST(RegistryTest, ResolveFillsDefaultsAndKeepsTheKind) {
  ConfigErrors errors;
  const Json resolved = shapes().resolve({{"kind", "rectangle"}, {"width", 3}}, "/shape", errors);
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(resolved, Json::parse(R"({"kind":"rectangle","width":3.0,"height":1.0})"));
}

TEST(RegistryTest, AResolvedConfigResolvesToItself) {
  ConfigErrors errors;
  const Json resolved = shapes().resolve({{"kind", "square"}}, "", errors);
  EXPECT_EQ(shapes().resolve(resolved, "", errors), resolved);
  EXPECT_TRUE(errors.empty());
}

TEST(RegistryTest, MakeGivesTheProductItsOptionsAndContextEvenWhereThatCanOnlyBeMoved) {
  EXPECT_EQ(shapes().make({{"kind", "square"}, {"side", 3.0}}, 10.0, std::make_unique<int>(7))->area(), 97.0);
  EXPECT_EQ(shapes().make({{"kind", "rectangle"}, {"width", 3.0}, {"height", 5.0}}, 1.0, nullptr)->area(), 15.0);
}

TEST(RegistryTest, AnUnknownKindIsAnErrorWithASuggestion) {
  ConfigErrors errors;
  EXPECT_EQ(shapes().resolve({{"kind", "sqare"}}, "/shape", errors), Json::object());
  EXPECT_THAT(errors.items(), ElementsAre(Pair("/shape/kind",
                                               "\"sqare\" is not a known shape; did you mean \"square\"? "
                                               "(known: square, rectangle)")));
}

TEST(RegistryTest, AMissingOrOddKindIsAnErrorThatListsTheKinds) {
  for (const char* bad : {"{}", R"({"kind":3})", "[]", "\"square\"", "null"}) {
    ConfigErrors errors;
    EXPECT_EQ(shapes().resolve(Json::parse(bad), "/shape", errors), Json::object());
    EXPECT_THAT(errors.items(), ElementsAre(Pair("/shape", HasSubstr("square, rectangle")))) << bad;
  }
}

TEST(RegistryTest, ProblemsInsideCarryThePointer) {
  ConfigErrors errors;
  shapes().resolve({{"kind", "square"}, {"side", -1}, {"sied", 1}}, "/shape", errors);
  EXPECT_THAT(errors.items(),
              ElementsAre(Pair("/shape/sied", HasSubstr("side")), Pair("/shape/side", HasSubstr("from 0 to 100"))));
}

TEST(RegistryTest, MakeRefusesWhatWasNotResolved) {
  EXPECT_THROW(shapes().make({{"kind", "circle"}}, 1.0, nullptr), Error);
  EXPECT_THROW(shapes().make({{"kind", "rectangle"}}, 1.0, nullptr), Error);
}

TEST(RegistryTest, NamesSummariesAndSchemasAreListedInOrder) {
  EXPECT_THAT(shapes().names(), ElementsAre("square", "rectangle"));
  EXPECT_EQ(shapes().entries()[1].summary, "two sides");
  EXPECT_EQ(shapes().entries()[1].schema(), json_schema<RectangleOptions>());
}

TEST(RegistryTest, ANameListedTwiceIsOurBug) {
  try {
    Shapes("shape", {square(), square()});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::internal);
    EXPECT_THAT(error.what(), HasSubstr("shape square is listed twice"));
  }
}

}  // namespace
}  // namespace alea
