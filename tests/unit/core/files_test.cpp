#include "core/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>

#include "child_process.h"
#include "core/error.h"

namespace alea {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// open, write, fsync, rename, fsync of the folder
constexpr int kOperations = 5, kRename = 4;
const std::string kOld = "what was there before";
const std::string kNew(100'001, 'n');

// Helper mode: a process that writes one file and ends, started by the tests below before any test runs in it.
const bool kHelperMode = [] {
  const char* target = std::getenv("ALEA_TEST_WRITE_FILE");
  if (target == nullptr) return false;
  try {
    atomic_write(fs::path(target), kNew);
  } catch (const Error& error) {
    std::_Exit(exit_status(error.code()));
  }
  std::_Exit(0);
}();

int write_in_child(const fs::path& path, const std::string& fault) {
  return wait_for(spawn_self({{"ALEA_TEST_WRITE_FILE", path.string()}, {"ALEA_FAULT", fault}}));
}

Bytes bytes_of(std::string_view text) {
  const auto view = std::as_bytes(std::span(text.data(), text.size()));
  return {view.begin(), view.end()};
}

void write_plainly(const fs::path& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

std::string error_of(const std::function<void()>& call, ErrorCode expected = ErrorCode::io) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), expected);
    return error.what();
  }
  ADD_FAILURE() << "no Error was thrown";
  return "";
}

TEST(Sha256, KnownAnswersOfFips180) {
  EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(bytes_of("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, OfAFileLongerThanOneBufferEqualsThatOfItsBytes) {
  const TemporaryFolder folder;
  std::string text(3'000'000, 'x');
  text[2'500'000] = 'y';
  write_plainly(folder / "long", text);
  EXPECT_EQ(sha256_file(folder / "long"), sha256_hex(bytes_of(text)));
}

TEST(ReadFile, GivesBackEveryByte) {
  const TemporaryFolder folder;
  const std::string text("a\0b\r\n\xff", 6);
  write_plainly(folder / "bytes", text);
  EXPECT_EQ(read_text_file(folder / "bytes"), text);
  EXPECT_EQ(read_file(folder / "bytes"), bytes_of(text));
}

TEST(ReadFile, AnEmptyFileIsNoError) {
  const TemporaryFolder folder;
  write_plainly(folder / "empty", "");
  EXPECT_TRUE(read_file(folder / "empty").empty());
}

TEST(ReadFile, ReadsFilesThatDoNotTellTheirSize) {
  EXPECT_THAT(read_text_file("/proc/self/status"), HasSubstr(fmt::format("Pid:\t{}\n", ::getpid())));
}

TEST(ReadFile, NamesThePathAndTheCause) {
  const TemporaryFolder folder;
  for (const std::string& message :
       {error_of([&] { read_file(folder / "absent"); }), error_of([&] { sha256_file(folder / "absent"); })}) {
    EXPECT_THAT(message, HasSubstr((folder / "absent").string()));
    EXPECT_THAT(message, HasSubstr(std::strerror(ENOENT)));
  }
  EXPECT_THAT(error_of([&] { read_file(folder.path()); }), HasSubstr(std::strerror(EISDIR)));
}

TEST(AtomicWrite, MakesAndReplacesAFileAndLeavesNothingElse) {
  const TemporaryFolder folder;
  atomic_write(folder / "file", kOld);
  EXPECT_EQ(read_text_file(folder / "file"), kOld);
  atomic_write(folder / "file", bytes_of(kNew));
  EXPECT_EQ(read_text_file(folder / "file"), kNew);
  atomic_write(folder / "file", "");
  EXPECT_EQ(read_text_file(folder / "file"), "");
  EXPECT_THAT(folder.names(), ElementsAre("file"));
}

TEST(AtomicWrite, WritesIntoTheCurrentFolderWhereThePathHasNone) {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  atomic_write("bare", kOld);
  fs::current_path(before);
  EXPECT_EQ(read_text_file(folder / "bare"), kOld);
}

TEST(AtomicWrite, AMissingFolderIsNamed) {
  const TemporaryFolder folder;
  const std::string message = error_of([&] { atomic_write(folder / "none/file", kNew); });
  EXPECT_THAT(message, HasSubstr((folder / "none/file").string()));
  EXPECT_THAT(message, HasSubstr(std::strerror(ENOENT)));
}

TEST(AtomicWrite, ATemporaryOfThisNameIsNeitherOverwrittenNorRemoved) {
  const TemporaryFolder folder;
  const std::string temporary = fmt::format("file.{}.tmp", ::getpid());
  write_plainly(folder / temporary, "another thread's");
  EXPECT_THAT(error_of([&] { atomic_write(folder / "file", kNew); }), HasSubstr(temporary));
  EXPECT_EQ(read_text_file(folder / temporary), "another thread's");
  EXPECT_FALSE(fs::exists(folder / "file"));
}

class AtomicWriteFault : public testing::TestWithParam<int> {};

TEST_P(AtomicWriteFault, AnErrorLeavesOldOrNewContentAndNoTemporary) {
  for (const int error_number : {ENOSPC, EIO, EROFS}) {
    const TemporaryFolder folder;
    write_plainly(folder / "file", kOld);
    inject_file_fault(FileFault{GetParam(), error_number});
    const std::string message = error_of([&] { atomic_write(folder / "file", kNew); });
    EXPECT_THAT(message, HasSubstr(folder.path().string()));
    EXPECT_THAT(message, HasSubstr(std::strerror(error_number)));
    EXPECT_EQ(read_text_file(folder / "file"), GetParam() <= kRename ? kOld : kNew);
    EXPECT_THAT(folder.names(), ElementsAre("file"));
    atomic_write(folder / "file", kNew);  // the fault has passed
    EXPECT_EQ(read_text_file(folder / "file"), kNew);
  }
}

TEST_P(AtomicWriteFault, AKilledWriterLeavesOldOrNewContentAndOneTemporaryAtMost) {
  for (const bool existed : {true, false}) {
    const TemporaryFolder folder;
    if (existed) write_plainly(folder / "file", kOld);
    ASSERT_EQ(write_in_child(folder / "file", fmt::format("{}:KILL", GetParam())), -SIGKILL);
    const bool replaced = GetParam() > kRename;
    EXPECT_EQ(fs::exists(folder / "file"), existed || replaced);
    if (existed || replaced) {
      EXPECT_EQ(read_text_file(folder / "file"), replaced ? kNew : kOld);
    }
    EXPECT_EQ(remove_stale_temporaries(folder.path()), GetParam() > 1 && !replaced ? 1 : 0);
    EXPECT_EQ(folder.names().size(), existed || replaced ? 1U : 0U);
    EXPECT_EQ(write_in_child(folder / "file", ""), 0);
    EXPECT_EQ(read_text_file(folder / "file"), kNew);
    EXPECT_THAT(folder.names(), ElementsAre("file"));
  }
}

INSTANTIATE_TEST_SUITE_P(AtEveryOperation, AtomicWriteFault, testing::Range(1, kOperations + 1));

TEST(FileFault, TheOperationAfterTheLastIsTheNextWriters) {
  const TemporaryFolder folder;
  inject_file_fault(FileFault{kOperations + 1, EIO});
  atomic_write(folder / "first", kNew);
  error_of([&] { atomic_write(folder / "second", kNew); });
  EXPECT_THAT(folder.names(), ElementsAre("first"));
}

TEST(FileFault, AShortWriteIsContinued) {
  const TemporaryFolder folder;
  std::string text(100'001, ' ');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7 % 251);
  inject_file_fault(FileFault{2, FileFault::kShortWrite});
  atomic_write(folder / "file", text);
  EXPECT_EQ(read_text_file(folder / "file"), text);
}

TEST(FileFault, CanBeTakenBack) {
  const TemporaryFolder folder;
  inject_file_fault(FileFault{1, EIO});
  inject_file_fault(std::nullopt);
  atomic_write(folder / "file", kNew);
  EXPECT_EQ(read_text_file(folder / "file"), kNew);
}

TEST(FileFault, ComesFromTheEnvironmentOfAChild) {
  const TemporaryFolder folder;
  for (const char* fault : {"2:ENOSPC", "1:EROFS", "3:EIO"}) EXPECT_EQ(write_in_child(folder / "file", fault), 4) << fault;
  EXPECT_TRUE(folder.names().empty());
  EXPECT_EQ(write_in_child(folder / "file", "2:SHORT"), 0);
  EXPECT_EQ(read_text_file(folder / "file"), kNew);
}

TEST(FileFault, AMalformedEnvironmentIsAUsageError) {
  const TemporaryFolder folder;
  for (const char* fault : {"EIO", "0:EIO", "-1:EIO", "2:EPERM", "2x:EIO", ":KILL", "2:"})
    EXPECT_EQ(write_in_child(folder / "file", fault), 2) << fault;
}

TEST(StaleTemporaries, OnlyThoseOfDeadProcessesAndOurOwnAreRemoved) {
  const TemporaryFolder folder;
  const pid_t dead = spawn_self({{"ALEA_TEST_WRITE_FILE", (folder / "block").string()}});
  ASSERT_EQ(wait_for(dead), 0);
  const std::string living = "b.1.tmp";  // init's
  const std::vector<std::string> kept = {
      "block", living, "b.tmp", "b.12x.tmp", "b.-1.tmp", "b.0.tmp", "b.99999999999.tmp", ".tmp", ".1.tmp.h5", "notes.txt"};
  for (const std::string& name : kept) write_plainly(folder / name, "kept");
  write_plainly(folder / fmt::format("b.{}.tmp", dead), "");
  write_plainly(folder / fmt::format("c.h5.{}.tmp", ::getpid()), "");
  EXPECT_EQ(remove_stale_temporaries(folder.path()), 2);
  EXPECT_THAT(folder.names(), testing::UnorderedElementsAreArray(kept));
}

TEST(StaleTemporaries, AMissingFolderIsAnError) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { remove_stale_temporaries(folder / "none"); }), HasSubstr((folder / "none").string()));
}

}  // namespace
}  // namespace alea
