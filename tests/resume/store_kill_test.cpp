#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <numeric>

#include "core/files.h"
#include "store/store.h"

namespace alea {
namespace {

constexpr const char* kFolderVariable = "ALEA_TEST_STORE";
constexpr std::uint64_t kSamples = 25;
constexpr std::uint32_t kBlock = 10;

ArrayMap arrays_of(const BlockRange& range) {
  std::vector<std::uint64_t> ids(range.count);
  std::iota(ids.begin(), ids.end(), range.first);
  return {{"ids", make_array<std::uint64_t>(ids, {range.count})}};
}

/// What a run does with its folder: the same call begins it and goes on with it.
void run_once(const fs::path& folder) {
  fs::create_directories(folder);
  const FolderLock lock(folder, FolderLock::Kind::exclusive);
  const Store store = Store::open_or_create(folder, {{"seed", 3}}, kSamples, kBlock);
  store.remove_stale_temporaries();
  for (const char* kind : {"blocks", "features.net"})
    for (const auto& range : store.blocks())
      if (!store.has_block(kind, range)) store.put_block(kind, range, arrays_of(range));
}

std::map<std::string, std::string> hashes_of(const fs::path& folder) {
  std::map<std::string, std::string> hashes;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) hashes[fs::relative(entry, folder).string()] = sha256_file(entry);
  return hashes;
}

/// Another process does run_once; its n-th file operation kills it. True when it was killed.
bool run_killed_at(int operation, const fs::path& folder) {
  const std::string variable = std::string(kFolderVariable) + "=" + folder.string();
  const std::string fault = "ALEA_FAULT=" + std::to_string(operation) + ":KILL";
  const char* environment[] = {variable.c_str(), fault.c_str(), nullptr};
  const char* arguments[] = {"test_resume", "--gtest_also_run_disabled_tests", "--gtest_brief=1",
                             "--gtest_filter=StoreKillChild.DISABLED_RunsInAnotherProcess", nullptr};
  pid_t child = 0;
  const int refused =
      ::posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, const_cast<char**>(arguments), const_cast<char**>(environment));
  EXPECT_EQ(refused, 0);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return true;
  EXPECT_EQ(status, 0);
  return false;
}

class StoreKill : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("alea_store_kill_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    run_once(folder_ / "undisturbed");
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

// The mode of the child processes.
TEST(StoreKillChild, DISABLED_RunsInAnotherProcess) {
  const char* folder = std::getenv(kFolderVariable);
  ASSERT_NE(folder, nullptr);
  run_once(folder);
}

TEST_F(StoreKill, AtEveryFileOperationTheSameCommandEndsWithTheSameBytes) {
  const auto expected = hashes_of(folder_ / "undisturbed");
  ASSERT_EQ(expected.size(), 8u);  // lock, manifest, three blocks of either kind
  int operation = 1;
  for (; operation < 1000; ++operation) {
    const fs::path run = folder_ / "killed";
    fs::remove_all(run);
    const bool killed = run_killed_at(operation, run);
    for (const auto& [name, sha256] : hashes_of(run)) {
      if (name.ends_with(".tmp") || name == ".lock") continue;
      ASSERT_EQ(sha256, expected.at(name)) << name << " after a kill at operation " << operation;
    }
    run_once(run);
    ASSERT_EQ(hashes_of(run), expected) << "operation " << operation;
    if (!killed) break;
  }
  EXPECT_EQ(operation, 1 + 7 * 5) << "open, write, fsync, rename and the folder's fsync of seven files";
}

TEST_F(StoreKill, KilledAgainAndAgainItStillEndsWithTheSameBytes) {
  const fs::path run = folder_ / "killed";
  int kills = 0;
  while (run_killed_at(7, run) && kills < 100) ++kills;
  EXPECT_GE(kills, 5);
  EXPECT_LT(kills, 100);
  EXPECT_EQ(hashes_of(run), hashes_of(folder_ / "undisturbed"));
}

}  // namespace
}  // namespace alea
