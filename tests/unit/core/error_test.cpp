#include "core/error.h"

#include <gtest/gtest.h>

#include <vector>

namespace alea {
namespace {

TEST(ErrorTest, EveryCodeHasThePromisedExitStatus) {
  const std::vector<std::pair<ErrorCode, int>> promised = {
      {ErrorCode::regression, 1}, {ErrorCode::usage, 2},        {ErrorCode::config, 2}, {ErrorCode::not_comparable, 3},
      {ErrorCode::domain, 3},     {ErrorCode::data, 4},         {ErrorCode::io, 4},     {ErrorCode::shape, 4},
      {ErrorCode::internal, 5},   {ErrorCode::interrupted, 130}};
  for (const auto& [code, status] : promised) EXPECT_EQ(exit_status(code), status) << static_cast<int>(code);
}

TEST(ErrorTest, FailFormatsItsMessageAndKeepsTheCode) {
  try {
    fail(ErrorCode::data, "{}: expected {} bytes, found {}", "a.npy", 12, 7);
    FAIL() << "fail returned";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::data);
    EXPECT_STREQ(error.what(), "a.npy: expected 12 bytes, found 7");
  }
}

TEST(ErrorTest, TheOutermostContextIsReadFirst) {
  Error error(ErrorCode::io, "no space left");
  error.add_context("block 3").add_context("store /tmp/run");
  EXPECT_STREQ(error.what(), "store /tmp/run: block 3: no space left");
}

TEST(ErrorTest, ContextIsAddedToTheExceptionInFlight) {
  try {
    try {
      fail(ErrorCode::io, "gone");
    } catch (Error& error) {
      error.add_context("weights.safetensors");
      throw;
    }
  } catch (const std::exception& error) {
    EXPECT_STREQ(error.what(), "weights.safetensors: gone");
  }
}

TEST(ErrorTest, AFailedCheckIsOurBugAndNamesFileExpressionAndMessage) {
  const int rows = 3;
  ALEA_CHECK(rows == 3, "never formatted {}", rows);
  try {
    ALEA_CHECK(rows == 4, "rows is {}", rows);
    FAIL() << "the check passed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::internal);
    const std::string text = error.what();
    EXPECT_EQ(text.find("error_test.cpp:"), 0u) << text;
    EXPECT_NE(text.find("rows is 3"), std::string::npos) << text;
    EXPECT_NE(text.find("rows == 4"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace alea
