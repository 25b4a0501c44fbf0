#include "uncertainty/aleatoric_perturbation.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>

#include <cmath>

#include "core/error.h"
#include "samplers/posterior.h"
#include "samplers/solver.h"

namespace alea {
namespace {

void require_sound(const AleatoricOptions& o, const NoiseSchedule* schedule) {
  const bool plain = o.perturbation == "renoise";
  if (o.legacy_x0 && (!plain || o.clip != "sampler" || o.legacy_flow))
    fail(ErrorCode::config,
         "/legacy_x0 goes with /perturbation renoise, /clip sampler and no other legacy: the mistake is theirs");
  if (o.legacy_flow && !plain) fail(ErrorCode::config, "/legacy_flow goes with /perturbation renoise alone");
  if (plain && o.kernel != "grid") fail(ErrorCode::config, "/kernel has a meaning for predict_next and zigzag only");
  if (schedule == nullptr) return;
  if (o.legacy_flow && !schedule->is_flow()) fail(ErrorCode::config, "/legacy_flow needs a network of the schedule \"flow\"");
  if (o.kernel == "training_step" && schedule->is_flow())
    fail(ErrorCode::config, "/kernel: a flow has no training step; take \"grid\"");
}

}  // namespace

AleatoricPerturbation::AleatoricPerturbation(const AleatoricOptions& options, const NoiseSchedule* schedule) : options_(options) {
  require_sound(options, schedule);
  if (schedule != nullptr) schedule_ = *schedule;
}

std::string AleatoricPerturbation::family() const {
  std::string name = "aleatoric";
  if (options_.perturbation != "renoise") name += "." + options_.perturbation;
  if (options_.kernel == "training_step") name += ".training_step";
  if (options_.legacy_x0) name += ".legacy_x0";
  if (options_.legacy_flow) name += ".legacy_flow";
  if (options_.clip == "never") name += ".unclipped";
  if (options_.clip == "always") name += ".clipped";
  return name;
}

std::vector<std::string> AleatoricPerturbation::departures() const {
  std::vector<std::string> out;
  const auto add = [&](bool holds, const char* what) {
    if (holds) out.push_back(fmt::format("{} {}", family(), what));
  };
  add(options_.perturbation != "renoise",
      "noises the next state back, an experiment of the released code; Algorithm 1 re-noises x0.");
  add(options_.legacy_x0, "takes x0 for eps, as the released 2-DPM code does by mistake.");
  add(options_.legacy_flow, "takes a flow's sigma for alpha_bar, as the released flow-matching code does by mistake.");
  add(options_.clip == "never", "re-noises unclipped clean images, whatever the sampler clips.");
  add(options_.clip == "always", "re-noises clipped clean images, whatever the sampler clips.");
  return out;
}

at::Tensor AleatoricPerturbation::clean_of(const StepView& step) const {
  if (options_.legacy_x0) return predict_x0(step.x, step.x0, step.level);
  if (options_.clip == "sampler") return step.x0;
  return options_.clip == "always" ? at::clamp(step.unclipped_x0, -1, 1) : step.unclipped_x0;
}

at::Tensor AleatoricPerturbation::first(const StepView& step, const at::Tensor& z) const {
  return noised(step, clean_of(step), step.eps, z);
}

at::Tensor AleatoricPerturbation::next(const StepView& step, const at::Tensor& x, const Prediction& answer,
                                       const at::Tensor& z) const {
  const at::Tensor x0 = clean_image(x, answer, step.level);
  const bool clips = options_.clip == "always" || (options_.clip == "sampler" && step.clips);
  return noised(step, clips ? at::clamp(x0, -1, 1) : x0, answer.eps, z);
}

NoiseLevel AleatoricPerturbation::level_before(const StepView& step) const {
  if (options_.kernel == "grid") return step.next;
  ALEA_CHECK(schedule_.has_value(), "aleatoric: the training step's kernel was made without a model");
  return step.t.value < 1 ? NoiseLevel{} : schedule_->level({step.t.value - 1});
}

at::Tensor AleatoricPerturbation::noised(const StepView& step, const at::Tensor& x0, const at::Tensor& eps,
                                         const at::Tensor& z) const {
  if (options_.legacy_flow) return add_noise(x0, z, {std::sqrt(step.level.sigma), std::sqrt(1 - step.level.sigma)});
  if (options_.perturbation == "renoise") return add_noise(x0, z, step.level);
  const NoiseLevel before = level_before(step);
  const double scale = step.level.alpha / before.alpha, spread = std::sqrt(transition_variance(step.level, before));
  return add_noise(x0, eps, step.next) * scale + z * spread;
}

}  // namespace alea
