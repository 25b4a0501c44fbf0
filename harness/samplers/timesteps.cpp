#include "samplers/timesteps.h"

#include <cmath>

#include "core/error.h"

namespace alea {
namespace {

double leading_time(int i, int n, int train_steps, int offset) { return (n - 1 - i) * (train_steps / n) + offset; }

double linspace_time(int i, int n, int train_steps) {
  if (n == 1) return 0;
  const double step = (train_steps - 1.0) / (n - 1);
  return i == 0 ? train_steps - 1 : std::nearbyint((n - 1 - i) * step);
}

double trailing_time(int i, int n, int train_steps) {
  return std::nearbyint(train_steps - i * (static_cast<double>(train_steps) / n)) - 1;
}

}  // namespace

std::vector<TrainTime> spaced_times(const std::string& spacing, int n, int train_steps, int offset) {
  if (n < 1 || n > train_steps)
    fail(ErrorCode::config, "steps must lie in 1..{}, the network's own number, found {}", train_steps, n);
  if (offset != 0 && spacing != "leading")
    fail(ErrorCode::config, "steps_offset = {} has a meaning for leading spacing only, found \"{}\"", offset, spacing);

  std::vector<TrainTime> times;
  for (int i = 0; i < n; ++i) {
    if (spacing == "leading")
      times.push_back({leading_time(i, n, train_steps, offset)});
    else if (spacing == "linspace")
      times.push_back({linspace_time(i, n, train_steps)});
    else if (spacing == "trailing")
      times.push_back({trailing_time(i, n, train_steps)});
    else
      fail(ErrorCode::config, "spacing \"{}\" is not known; known: leading, linspace, trailing", spacing);
  }
  if (times.front().value > train_steps - 1)
    fail(ErrorCode::config,
         "steps = {} and steps_offset = {} begin at time {}, past the network's last time {}; use a smaller offset", n, offset,
         times.front().value, train_steps - 1);
  return times;
}

}  // namespace alea
