#include "core/provenance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace alea {
namespace {

using testing::ContainsRegex;

TEST(ProvenanceTest, IsTheSameTextEachTime) {
  register_library("zlib", "1");
  EXPECT_EQ(provenance().dump(), provenance().dump());
}

TEST(ProvenanceTest, HoldsWhatMadeTheNumbersAndNothingElse) {
  const Json made = provenance();
  std::vector<std::string> keys;
  for (const auto& [key, value] : made.items()) keys.push_back(key);
  EXPECT_THAT(keys, testing::ElementsAre("alea", "build_type", "compiler", "git", "instruction_set", "libraries", "native"));
  EXPECT_TRUE(made["alea"].is_string());
  EXPECT_TRUE(made["git"]["revision"].is_string());
  EXPECT_TRUE(made["git"]["dirty"].is_boolean() || made["git"]["dirty"].is_null());
  EXPECT_TRUE(made["instruction_set"].is_array());
#if defined(__GNUC__) && !defined(__clang__)
  EXPECT_EQ(made["compiler"], std::string("g++ ") + __VERSION__);
#endif
}

TEST(ProvenanceTest, TheInstructionSetIsThatOfTheCompilation) {
  [[maybe_unused]] const Json set = provenance()["instruction_set"];
#ifdef __AVX2__
  EXPECT_NE(std::find(set.begin(), set.end(), "avx2"), set.end());
#else
  EXPECT_EQ(std::find(set.begin(), set.end(), "avx2"), set.end());
#endif
}

TEST(ProvenanceTest, LibrariesAreAddedInAnyOrderAndTheLastVersionWins) {
  register_library("torch", "2.0");
  register_library("hdf5", "1.10.8");
  register_library("torch", "2.11.0");
  const Json libraries = provenance()["libraries"];
  EXPECT_EQ(libraries["torch"], "2.11.0");
  EXPECT_EQ(libraries["hdf5"], "1.10.8");
  EXPECT_THAT(libraries["nlohmann_json"].get<std::string>(), ContainsRegex("^[0-9]+\\.[0-9]+\\.[0-9]+$"));
  const std::string text = libraries.dump();
  EXPECT_LT(text.find("\"hdf5\""), text.find("\"torch\""));
}

TEST(CircumstancesTest, HaveHostProcessorTimeAndProcess) {
  const Json now = circumstances();
  EXPECT_EQ(now["pid"], getpid());
  EXPECT_GE(now["cores"].get<int>(), now["usable_cores"].get<int>());
  EXPECT_GE(now["usable_cores"].get<int>(), 1);
  EXPECT_FALSE(now["host"].get<std::string>().empty());
  EXPECT_FALSE(now["cpu"].get<std::string>().empty());
  EXPECT_THAT(now["time"].get<std::string>(), ContainsRegex("^20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9:]+Z$"));
}

TEST(PeakMemoryTest, IsInBytesAndRisesWhenMemoryIsTouched) {
  const std::uint64_t before = peak_memory_bytes();
  EXPECT_GT(before, 1u << 20);
  EXPECT_LT(before, std::uint64_t{1} << 40);
  const std::uint64_t more = 64u << 20;
  {
    std::vector<char> held(before + more, 1);  // more than the highest so far, so the peak must move
    volatile char last = held.back();
    EXPECT_EQ(last, 1);
  }
  EXPECT_GE(peak_memory_bytes(), before + more);
  EXPECT_LE(peak_memory_bytes(), 2 * before + 2 * more);
}

TEST(MonotonicSecondsTest, NeverGoesBack) {
  double last = monotonic_seconds();
  for (int i = 0; i < 1000; ++i) {
    const double now = monotonic_seconds();
    EXPECT_GE(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace alea
