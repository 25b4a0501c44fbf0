#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <thread>

#include "child_process.h"
#include "core/error.h"
#include "core/files.h"

namespace alea {
namespace {

using testing::HasSubstr;
using Kind = FolderLock::Kind;

// Helper mode: takes the lock, says so by a file "held" (or "refused"), and keeps it until it is killed.
const bool kHelperMode = [] {
  const char* folder = std::getenv("ALEA_TEST_LOCK_FOLDER");
  if (folder == nullptr) return false;
  const Kind kind = std::string_view(std::getenv("ALEA_TEST_LOCK_KIND")) == "exclusive" ? Kind::exclusive : Kind::shared;
  try {
    const FolderLock lock(folder, kind);
    atomic_write(fs::path(folder) / "held", "");
    for (;;) ::pause();
  } catch (const Error& error) {
    std::_Exit(exit_status(error.code()));
  }
}();

std::optional<std::string> refusal(const fs::path& folder, Kind kind) {
  try {
    const FolderLock lock(folder, kind);
    return std::nullopt;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    return error.what();
  }
}

/// Another process that holds the lock until it is killed.
class Holder {
 public:
  Holder(const TemporaryFolder& folder, const std::string& kind) {
    pid_ = spawn_self({{"ALEA_TEST_LOCK_FOLDER", folder.path().string()}, {"ALEA_TEST_LOCK_KIND", kind}});
    for (int i = 0; i < 3000 && !fs::exists(folder / "held"); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(fs::exists(folder / "held")) << "the helper process didn't get the lock";
  }
  ~Holder() { kill(); }

  pid_t pid() const { return pid_; }

  void kill() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    EXPECT_EQ(wait_for(pid_), -SIGKILL);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
};

TEST(FolderLock, AnExclusiveHolderExcludesOtherProcessesAndIsNamed) {
  const TemporaryFolder folder;
  const Holder holder(folder, "exclusive");
  for (const Kind kind : {Kind::exclusive, Kind::shared}) {
    const auto message = refusal(folder.path(), kind);
    ASSERT_TRUE(message.has_value());
    EXPECT_THAT(*message, HasSubstr(folder.path().string()));
    EXPECT_THAT(*message, HasSubstr(fmt::format("process {},", holder.pid())));
  }
}

TEST(FolderLock, SharedHoldersExcludeOnlyAnExclusiveOne) {
  const TemporaryFolder folder;
  const Holder holder(folder, "shared");
  EXPECT_FALSE(refusal(folder.path(), Kind::shared).has_value());
  EXPECT_TRUE(refusal(folder.path(), Kind::exclusive).has_value());
}

TEST(FolderLock, AnotherProcessIsRefusedWhileWeHoldIt) {
  const TemporaryFolder folder;
  const FolderLock lock(folder.path(), Kind::shared);
  const auto helper = [&](const char* kind) {
    return spawn_self({{"ALEA_TEST_LOCK_FOLDER", folder.path().string()}, {"ALEA_TEST_LOCK_KIND", kind}});
  };
  EXPECT_EQ(wait_for(helper("exclusive")), 4);
}

TEST(FolderLock, IsFreedWhenItsHolderIsKilled) {
  const TemporaryFolder folder;
  Holder holder(folder, "exclusive");
  ASSERT_TRUE(refusal(folder.path(), Kind::exclusive).has_value());
  holder.kill();
  EXPECT_FALSE(refusal(folder.path(), Kind::exclusive).has_value());
}

TEST(FolderLock, IsNotInheritedByAChild) {
  const TemporaryFolder ours, of_child;
  auto lock = std::make_unique<FolderLock>(ours.path(), Kind::exclusive);
  const Holder child(of_child, "shared");
  lock.reset();
  EXPECT_FALSE(refusal(ours.path(), Kind::exclusive).has_value());
}

TEST(FolderLock, TwoLocksOfOneProcessExcludeEachOther) {
  const TemporaryFolder folder;
  {
    const FolderLock lock(folder.path(), Kind::exclusive);
    EXPECT_TRUE(refusal(folder.path(), Kind::shared).has_value());
  }
  EXPECT_FALSE(refusal(folder.path(), Kind::exclusive).has_value());
}

TEST(FolderLock, MovesWithItsOwner) {
  const TemporaryFolder folder;
  std::optional<FolderLock> outer;
  {
    FolderLock lock(folder.path(), Kind::exclusive);
    outer.emplace(std::move(lock));
  }
  EXPECT_TRUE(refusal(folder.path(), Kind::exclusive).has_value());
  outer.reset();
  EXPECT_FALSE(refusal(folder.path(), Kind::exclusive).has_value());
}

TEST(FolderLock, LeavesAnEmptyFileBehindAlsoAfterAKilledHolder) {
  const TemporaryFolder folder;
  Holder(folder, "exclusive").kill();
  EXPECT_FALSE(read_text_file(folder / ".lock").empty());
  EXPECT_FALSE(refusal(folder.path(), Kind::exclusive).has_value());
  EXPECT_TRUE(read_text_file(folder / ".lock").empty());
}

TEST(FolderLock, AMissingFolderIsNamed) {
  const TemporaryFolder folder;
  const auto message = refusal(folder / "none", Kind::shared);
  ASSERT_TRUE(message.has_value());
  EXPECT_THAT(*message, HasSubstr((folder / "none").string()));
}

}  // namespace
}  // namespace alea
