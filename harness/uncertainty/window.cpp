#include "uncertainty/window.h"

#include "core/error.h"

namespace alea {

Window::Window(int first, int last, int n_steps) : first_(first), last_(last) {
  if (!(0 <= first && first <= last && last < n_steps))
    fail(ErrorCode::config,
         "the window first_index = {} to last_index = {} (both inclusive) doesn't fit a sampler of {} steps, whose indices are "
         "0..{}",
         first, last, n_steps, n_steps - 1);
}

std::vector<SolverIndex> Window::indices() const {
  std::vector<SolverIndex> out;
  for (int i = first_; i <= last_; ++i) out.push_back({i});
  return out;
}

std::optional<int> Window::column(SolverIndex index) const {
  if (index.value < first_ || index.value > last_) return std::nullopt;
  return index.value - first_;
}

}  // namespace alea
