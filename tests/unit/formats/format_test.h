#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/files.h"

namespace alea {

/// A folder of its own for each test, removed with it.
class FormatTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "alea_formats_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

template <class Action>
void expect_error(ErrorCode code, std::string_view part, Action action) {
  try {
    action();
    ADD_FAILURE() << "expected an error with: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), ::testing::HasSubstr(std::string(part)));
    EXPECT_LT(std::string_view(error.what()).size(), 1000U);
  }
}

inline Bytes to_bytes(std::string_view text) {
  Bytes bytes(text.size());
  if (!text.empty()) std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

/// A copy that ends where its memory ends, so that a sanitizer sees a read past it.
inline Bytes exact(std::span<const std::byte> bytes) { return Bytes(bytes.begin(), bytes.end()); }

}  // namespace alea
