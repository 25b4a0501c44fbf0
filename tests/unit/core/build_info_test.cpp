#include "core/build_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace alea {
namespace {

TEST(BuildInfoTest, NamesVersionAndKindOfBuild) {
  EXPECT_THAT(build_info().version, testing::ContainsRegex("^[0-9]+\\.[0-9]+\\.[0-9]+$"));
  EXPECT_NE(build_info().build_type, "unknown");
  EXPECT_TRUE(build_info().native.has_value());
}

TEST(BuildInfoTest, ACheckoutHasARevisionAndSaysWhetherItWasChanged) {
  if (!std::filesystem::exists(ALEA_SOURCE_DIR "/.git")) GTEST_SKIP() << "not built from a git checkout";
  EXPECT_THAT(build_info().git_revision, testing::ContainsRegex("^[0-9a-f]{40}$"));
  EXPECT_TRUE(build_info().git_dirty.has_value());
}

}  // namespace
}  // namespace alea
