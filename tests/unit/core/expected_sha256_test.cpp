#include "core/expected_sha256.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace alea {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kFound = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

void expect_refused(ErrorCode code, const std::string& expected, const std::string& part) {
  try {
    require_sha256("net.pth", expected, kFound, "fetch it again");
    ADD_FAILURE() << expected;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << expected;
    EXPECT_THAT(error.what(), AllOf(HasSubstr("net.pth: "), HasSubstr(part)));
  }
}

TEST(ExpectedSha256, IsTheWholeHashOrItsBeginning) {
  for (const std::size_t digits : {8, 9, 63, 64}) require_sha256("net.pth", kFound.substr(0, digits), kFound, "");
  expect_refused(ErrorCode::data, "01234568", "sha256 is " + kFound + ", expected 01234568; fetch it again");
  expect_refused(ErrorCode::data, kFound + "0", "expected " + kFound + "0");
}

TEST(ExpectedSha256, IsAHashAtAll) {
  expect_refused(ErrorCode::config, "", "found \"\"");
  expect_refused(ErrorCode::config, kFound.substr(0, 7), "its first 8 or more");
  expect_refused(ErrorCode::config, "0123456X", "64 hex digits");
  expect_refused(ErrorCode::config, "0123456789ABCDEF", "64 hex digits");
}

}  // namespace
}  // namespace alea
