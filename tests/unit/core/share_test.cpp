#include "core/share.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace alea {
namespace {

class ShareFolderTest : public testing::Test {
 protected:
  void SetUp() override { ::unsetenv("ALEA_SHARE"); }
  void TearDown() override { ::unsetenv("ALEA_SHARE"); }
};

TEST_F(ShareFolderTest, IsTheSourceTreesDataWhereNothingIsInstalled) {
  EXPECT_TRUE(std::filesystem::equivalent(share_folder(), ALEA_SOURCE_DIR "/data"));
}

TEST_F(ShareFolderTest, IsWhatTheEnvironmentSaysEvenWhereThatDoesNotExist) {
  ::setenv("ALEA_SHARE", "/nowhere/at/all", 1);
  EXPECT_EQ(share_folder(), "/nowhere/at/all");
}

TEST_F(ShareFolderTest, AnEmptyVariableCountsAsNone) {
  ::setenv("ALEA_SHARE", "", 1);
  EXPECT_TRUE(std::filesystem::equivalent(share_folder(), ALEA_SOURCE_DIR "/data"));
}

}  // namespace
}  // namespace alea
