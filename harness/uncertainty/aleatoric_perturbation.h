#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "samplers/sampler.h"
#include "uncertainty/spread_options.h"

namespace alea {

struct AleatoricOptions : SpreadOptions {
  std::string clip = "sampler";
  std::string perturbation = "renoise";
  int rounds = 3;
  std::string kernel = "grid";
  bool legacy_x0 = false;
  bool legacy_flow = false;
};

template <>
struct Fields<AleatoricOptions> {
  static auto table() {
    using O = AleatoricOptions;
    return std::tuple_cat(
        spread_fields<O>(),
        std::tuple{
            field("clip", &O::clip,
                  "clean images are clipped to [-1, 1] before they are noised: as the sampler does, always, never")
                .one_of({"sampler", "always", "never"}),
            field("perturbation", &O::perturbation,
                  "renoise: Algorithm 1; predict_next: the next state is noised back; zigzag: that in a chain of rounds")
                .one_of({"renoise", "predict_next", "zigzag"}),
            field("rounds", &O::rounds, "zigzag: evaluations of a chain, each at the denoised state of the one before")
                .range(2, 16),
            field("kernel", &O::kernel,
                  "predict_next and zigzag: noise back over the sampler's step or, as the released code, over one training step")
                .one_of({"grid", "training_step"}),
            field("legacy_x0", &O::legacy_x0, "the released 2-DPM code's mistake: x0 where eps belongs"),
            field("legacy_flow", &O::legacy_flow,
                  "the released flow-matching code's mistake: sigma of a flow where alpha_bar belongs")});
  }
};

/// Where Algorithm 1 asks: the inputs of each round, from the step and from the answers of the round before.
class AleatoricPerturbation {
 public:
  /// Error{config} for options that exclude each other or don't fit the schedule; `schedule` null: not known.
  AleatoricPerturbation(const AleatoricOptions& options, const NoiseSchedule* schedule);

  /// Evaluations of one chain.
  int rounds() const { return options_.perturbation == "zigzag" ? options_.rounds : 1; }
  /// "aleatoric", with what the options change: "aleatoric.zigzag.unclipped".
  std::string family() const;
  std::vector<std::string> departures() const;

  /// What the centred statistic is about: the sampler's own eps.
  at::Tensor reference(const StepView& step) const { return options_.legacy_x0 ? step.x0 : step.eps; }
  /// x_i of the first round; z [B, C, H, W] are standard normals.
  at::Tensor first(const StepView& step, const at::Tensor& z) const;
  /// x_i of the next round, from the answer to x.
  at::Tensor next(const StepView& step, const at::Tensor& x, const Prediction& answer, const at::Tensor& z) const;

 private:
  at::Tensor clean_of(const StepView& step) const;
  at::Tensor noised(const StepView& step, const at::Tensor& x0, const at::Tensor& eps, const at::Tensor& z) const;
  NoiseLevel level_before(const StepView& step) const;

  AleatoricOptions options_;
  std::optional<NoiseSchedule> schedule_;
};

}  // namespace alea
