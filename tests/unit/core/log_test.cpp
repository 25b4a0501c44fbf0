#include "core/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <functional>
#include <thread>
#include <vector>

namespace alea {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// What `act` writes to stderr, which isn't a terminal then.
std::string stderr_of(const std::function<void()>& act) {
  testing::internal::CaptureStderr();
  act();
  return testing::internal::GetCapturedStderr();
}

/// All that waits to be read. A terminal hands on what is written to it piece by piece, when the system finds time, so that one
/// read may get a part: it is over where a mark written last comes out.
std::string read_to_mark(int ours, int terminal) {
  if (write(terminal, "\0", 1) != 1) return "no mark could be written";
  std::string text;
  for (char byte = 0; read(ours, &byte, 1) == 1 && byte != '\0';) text += byte;
  return text;
}

/// What `act` writes to stderr while that is a terminal of 60 columns.
std::string terminal_output_of(const std::function<void()>& act) {
  int ours = -1, terminal = -1;
  const winsize size{.ws_row = 24, .ws_col = 60, .ws_xpixel = 0, .ws_ypixel = 0};
  if (openpty(&ours, &terminal, nullptr, nullptr, &size) != 0) return "no terminal to be had";
  const int before = dup(STDERR_FILENO);
  dup2(terminal, STDERR_FILENO);
  act();
  dup2(before, STDERR_FILENO);
  close(before);
  const std::string text = read_to_mark(ours, terminal);
  close(terminal);
  close(ours);
  return text;
}

class LogTest : public testing::Test {
 protected:
  void TearDown() override { set_log_level(LogLevel::info); }
};

TEST_F(LogTest, ALineHasTimeLevelAndText) {
  EXPECT_THAT(stderr_of([] { log_info("block done={}/{}", 118, 235); }),
              ContainsRegex("^[0-9][0-9]:[0-9][0-9]:[0-9][0-9] info block done=118/235\n$"));
  EXPECT_THAT(stderr_of([] { log_warning("slow"); }), HasSubstr(" warning slow\n"));
  EXPECT_THAT(stderr_of([] { log_line(LogLevel::error, "100% {}"); }), HasSubstr(" error 100% {}\n"));
}

TEST_F(LogTest, LinesBelowTheLevelAreLeftOut) {
  EXPECT_EQ(stderr_of([] { log_debug("hidden"); }), "");
  set_log_level(LogLevel::debug);
  EXPECT_THAT(stderr_of([] { log_debug("shown"); }), HasSubstr(" debug shown\n"));
  set_log_level(LogLevel::warning);
  EXPECT_EQ(stderr_of([] { log_info("hidden"); }), "");
  EXPECT_THAT(stderr_of([] { log_warning("shown"); }), HasSubstr("shown"));
}

TEST(DurationTextTest, ChangesUnitAtAMinuteAndAtAnHour) {
  EXPECT_EQ(duration_text(-1), "0s");
  EXPECT_EQ(duration_text(59.4), "59s");
  EXPECT_EQ(duration_text(59.6), "1m00s");
  EXPECT_EQ(duration_text(761), "12m41s");
  EXPECT_EQ(duration_text(3599), "59m59s");
  EXPECT_EQ(duration_text(3725), "1h02m");
}

TEST(ProgressTextTest, ShowsBarCountRateTimeLeftAndNote) {
  const ProgressState state{"sampling", "images", "loss 0.043", 600, 0, 150, 10};
  EXPECT_EQ(progress_text(state, 8), "sampling [##......] 150/600 images 15 images/s ETA 30s loss 0.043");
  EXPECT_EQ(progress_text(state, 0), "sampling 150/600 images 15 images/s ETA 30s loss 0.043");
}

TEST(ProgressTextTest, WorkOfAnEarlierRunCountsAsDoneButNotIntoTheRate) {
  const ProgressState state{"sampling", "images", "", 600, 500, 550, 10};
  EXPECT_EQ(progress_text(state, 0), "sampling 550/600 images 5 images/s ETA 10s");
}

TEST(ProgressTextTest, CompleteOrEndedSaysHowLongItTook) {
  EXPECT_EQ(progress_text({"s", "u", "", 4, 0, 4, 2}, 4), "s [####] 4/4 u 2 u/s in 2s");
  EXPECT_EQ(progress_text({"s", "u", "", 4, 0, 1, 2}, 4, true), "s [#...] 1/4 u 0.5 u/s in 2s");
}

TEST(ProgressTextTest, BeforeTheFirstResultThereIsNoRateAndWithoutATotalNoBar) {
  EXPECT_EQ(progress_text({"s", "u", "", 4, 2, 2, 0}, 4), "s [##..] 2/4 u");
  EXPECT_EQ(progress_text({"s", "u", "", 0, 0, 3, 2}, 4), "s 3 u 1.5 u/s");
}

TEST(ProgressTextTest, MoreThanPromisedDoesNotOverflow) {
  EXPECT_EQ(progress_text({"s", "u", "", 4, 0, 6, 2}, 4), "s [####] 6/4 u 3 u/s in 2s");
}

TEST_F(LogTest, OffATerminalProgressIsOnePlainLineAtTheEnd) {
  const std::string text = stderr_of([] {
    Progress progress("sampling", "images", 10, 4);
    for (int i = 0; i < 6; ++i) progress.add(1);
    progress.note("loss 0.1");
  });
  EXPECT_THAT(text, ContainsRegex("^[0-9:]+ info sampling 10/10 images .* in 0s loss 0.1\n$"));
  EXPECT_THAT(text, Not(HasSubstr("\r")));
}

TEST_F(LogTest, OnATerminalOneLineIsRewrittenClearedForLogLinesAndEndedWithANewLine) {
  const std::string text = terminal_output_of([] {
    Progress progress("sampling", "images", 10);
    log_info("between");
    progress.add(10);
    progress.note(std::string(200, 'n'));
  });
  constexpr const char* kClear = "\r\033[K";
  EXPECT_THAT(text, StartsWith(std::string(kClear) + "sampling [........................] 0/10 images" + kClear));
  EXPECT_THAT(text, HasSubstr(" info between\r\n" + std::string(kClear) + "sampling [########################] 10/10 images "));
  const std::string last = text.substr(text.rfind(kClear) + 4);
  EXPECT_EQ(last.size(), 59 + 2u) << "cut before the edge, then a new line: " << last;
  EXPECT_EQ(last.substr(last.size() - 2), "\r\n");
}

TEST_F(LogTest, ProgressIsSilentAboveInfo) {
  set_log_level(LogLevel::warning);
  EXPECT_EQ(stderr_of([] { Progress("sampling", "images", 10).add(10); }), "");
}

TEST_F(LogTest, AddMayBeCalledFromManyThreads) {
  const std::string text = stderr_of([] {
    Progress progress("s", "u", 40000);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 10000; ++i) progress.add(1);
      });
    for (auto& thread : threads) thread.join();
  });
  EXPECT_THAT(text, HasSubstr(" s 40000/40000 u "));
}

}  // namespace
}  // namespace alea
