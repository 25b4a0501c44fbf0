#include "run/numerics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/process.h"

namespace alea {
namespace {

const Json kFused = {{"device", "cpu"}, {"kernels", "fused"}}, kPortable = {{"device", "cpu"}, {"kernels", "portable"}};

TEST(Numerics, AFolderBelongsToTheClassOfItsFirstSession) {
  const testing::TemporaryFolder folder;
  EXPECT_EQ(claimed_numerics(folder.path()), Json());
  claim_numerics(folder.path(), kFused);
  EXPECT_EQ(claimed_numerics(folder.path()), kFused);
  EXPECT_NO_THROW(claim_numerics(folder.path(), kFused));
}

TEST(Numerics, AnotherClassIsRefusedByName) {
  const testing::TemporaryFolder folder;
  claim_numerics(folder.path(), kFused);
  try {
    claim_numerics(folder.path(), kPortable);
    ADD_FAILURE() << "mixed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_comparable);
    EXPECT_THAT(error.what(), ::testing::AllOf(::testing::HasSubstr("fused"), ::testing::HasSubstr("portable")));
  }
  EXPECT_EQ(claimed_numerics(folder.path()), kFused);
}

}  // namespace
}  // namespace alea
