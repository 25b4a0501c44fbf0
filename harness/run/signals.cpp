#include "run/signals.h"

#include <csignal>

#include "core/error.h"

namespace alea {

namespace {

volatile std::sig_atomic_t stop_signal = 0;
struct sigaction before_int, before_term;

void note_signal(int number) { stop_signal = number; }

}  // namespace

StopOnSignal::StopOnSignal() {
  stop_signal = 0;
  struct sigaction action = {};
  action.sa_handler = note_signal;
  sigemptyset(&action.sa_mask);
  // Reset on delivery: a user who presses twice means it.
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &action, &before_int);
  sigaction(SIGTERM, &action, &before_term);
}

StopOnSignal::~StopOnSignal() {
  sigaction(SIGINT, &before_int, nullptr);
  sigaction(SIGTERM, &before_term, nullptr);
}

bool stop_requested() { return stop_signal != 0; }

void throw_if_stopped() {
  if (stop_requested()) {
    const int number = stop_signal;
    fail(ErrorCode::interrupted, "stopped by {}; whole blocks are kept, and the same command goes on from there",
         number == SIGINT ? "SIGINT" : "SIGTERM");
  }
}

}  // namespace alea
