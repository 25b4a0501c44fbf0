#include "train/training_loop.h"

#include <algorithm>
#include <numeric>

#include "core/log.h"

namespace alea {
namespace {

double recent_loss(const std::vector<float>& losses) {
  const auto window = std::min<std::size_t>(losses.size(), 100);
  return std::accumulate(losses.end() - static_cast<std::ptrdiff_t>(window), losses.end(), 0.0) / static_cast<double>(window);
}

}  // namespace

TrainState run_training(const TrainingLoop& loop, const Json& resolved, const TrainRequest& request) {
  const auto path = request.out / "checkpoint.safetensors";
  const auto hash = json_sha256(resolved);
  auto resumed = load_checkpoint(path, hash);
  TrainState state = resumed ? std::move(*resumed) : initial_state(loop.initial());
  Progress progress(loop.what, "steps", loop.optimizer.steps, state.step());
  while (state.step() < loop.optimizer.steps) {
    const bool stop = request.stopped && request.stopped();
    if (stop) {
      save_checkpoint(path, state, hash);
      fail(ErrorCode::interrupted, "stopped at step {} of {}; the same command goes on", state.step(), loop.optimizer.steps);
    }
    const auto computed = cast_for_compute(state.weights, loop.optimizer.compute);
    take_step(state, loop.optimizer, loop.loss(computed, state.step()));
    progress.add(1);
    progress.note(fmt::format("loss {:.4f}", recent_loss(state.losses)));
    if (state.step() % loop.checkpoint_every == 0 || state.step() == loop.optimizer.steps) {
      save_checkpoint(path, state, hash);
      write_loss_curve(request.out / "loss.csv", state.losses);
    }
  }
  return state;
}

}  // namespace alea
