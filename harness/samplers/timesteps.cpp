#include "samplers/timesteps.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace alea {
namespace {

using Times = std::vector<double>;

Times leading_times(int n, int train_steps, int offset) {
  Times out;
  for (int i = 0; i < n; ++i) out.push_back((n - 1 - i) * (train_steps / n) + offset);
  return out;
}

Times linspace_times(int n, int train_steps) {
  if (n == 1) return {0};
  const double step = (train_steps - 1.0) / (n - 1);
  Times out{train_steps - 1.0};
  for (int i = 1; i < n; ++i) out.push_back(std::nearbyint((n - 1 - i) * step));
  return out;
}

Times trailing_times(int n, int train_steps) {
  Times out;
  for (int i = 0; i < n; ++i) out.push_back(std::nearbyint(train_steps - i * (static_cast<double>(train_steps) / n)) - 1);
  return out;
}

Times ddim_times(int n, int train_steps) {
  int stride = 1;
  while ((train_steps - 1) / stride + 1 > n) ++stride;
  if ((train_steps - 1) / stride + 1 != n)
    fail(ErrorCode::config, "no stride through 0..{} makes {} times, as spacing \"ddim\" needs; stride {} makes {}",
         train_steps - 1, n, stride, (train_steps - 1) / stride + 1);
  Times out;
  for (int i = 0; i < n; ++i) out.push_back((n - 1 - i) * stride);
  return out;
}

Times section_times(int n, int train_steps) {
  const double step = n == 1 ? 1 : (train_steps - 1.0) / (n - 1);
  Times out;
  double at = 0;
  for (int k = 0; k < n; ++k, at += step) out.push_back(std::nearbyint(at));
  std::reverse(out.begin(), out.end());
  return out;
}

Times times_of(const std::string& spacing, int n, int train_steps, int offset) {
  if (spacing == "leading") return leading_times(n, train_steps, offset);
  if (spacing == "linspace") return linspace_times(n, train_steps);
  if (spacing == "trailing") return trailing_times(n, train_steps);
  if (spacing == "ddim") return ddim_times(n, train_steps);
  if (spacing == "section") return section_times(n, train_steps);
  fail(ErrorCode::config, "spacing \"{}\" is not known; known: leading, linspace, trailing, ddim, section", spacing);
}

}  // namespace

std::vector<TrainTime> spaced_times(const std::string& spacing, int n, int train_steps, int offset) {
  if (n < 1 || n > train_steps)
    fail(ErrorCode::config, "steps must lie in 1..{}, the network's own number, found {}", train_steps, n);
  if (offset != 0 && spacing != "leading")
    fail(ErrorCode::config, "steps_offset = {} has a meaning for leading spacing only, found \"{}\"", offset, spacing);

  std::vector<TrainTime> times;
  for (const double t : times_of(spacing, n, train_steps, offset)) times.push_back({t});
  if (times.front().value > train_steps - 1)
    fail(ErrorCode::config,
         "steps = {} and steps_offset = {} begin at time {}, past the network's last time {}; use a smaller offset", n, offset,
         times.front().value, train_steps - 1);
  return times;
}

Evaluations evaluations_at(const std::vector<TrainTime>& times, const NoiseSchedule& schedule) {
  Evaluations out;
  for (const TrainTime t : times) out.push_back({t, schedule.level(t)});
  return out;
}

}  // namespace alea
