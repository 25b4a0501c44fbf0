#include "run/signals.h"

#include <gtest/gtest.h>

#include <csignal>

#include "core/error.h"

namespace alea {
namespace {

TEST(StopOnSignal, TurnsASignalIntoAnInterruptedErrorAtTheNextLook) {
  for (const int number : {SIGINT, SIGTERM}) {
    const StopOnSignal stop;
    EXPECT_NO_THROW(throw_if_stopped());
    std::raise(number);
    EXPECT_TRUE(stop_requested());
    try {
      throw_if_stopped();
      ADD_FAILURE() << "not stopped";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::interrupted);
      EXPECT_EQ(exit_status(error.code()), 130);
    }
  }
}

TEST(StopOnSignal, ForgetsEarlierSignals) {
  {
    const StopOnSignal stop;
    std::raise(SIGINT);
  }
  const StopOnSignal again;
  EXPECT_FALSE(stop_requested());
}

}  // namespace
}  // namespace alea
