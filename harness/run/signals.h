#pragma once

namespace alea {

/// While one lives, SIGINT and SIGTERM only set a flag, so that work stops between two micro-batches and nothing is half done.
/// A second signal of the same kind ends the process at once. One at a time.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;
};

bool stop_requested();

/// Error{interrupted} when a signal has come.
void throw_if_stopped();

}  // namespace alea
