#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "models/denoiser.h"

namespace alea {

/// What a finished network evaluation at one solver step looked like, for estimators and for the ledger.
struct StepView {
  SolverIndex index;
  int n_steps = 0;  ///< the factory's
  TrainTime t{};
  NoiseLevel level{};  ///< of x: the schedule's at t, unless the sampler's grid of levels rounds t
  at::Tensor x{};      ///< [B, C, H, W] x_t
  at::Tensor eps{};    ///< the noise that the network sees in x
  at::Tensor x0{};     ///< predicted clean image, clipped where the sampler clips
  at::Tensor unclipped_x0{};
  bool clips = false;             ///< the sampler clips
  NoiseLevel next{};              ///< of the next evaluation's x or, at the last one, of the sample
  at::Tensor last_layer_input{};  ///< where an estimator wanted it of this evaluation (Estimator::base_want); else undefined
  const Ids* ids = nullptr;
};

/// An evaluation's step where the sampler is linear in what the network says, clipping apart:
/// x_{i+1} = x * x_from + eps * eps_i + memory * m_{i-1}, with clean images m = (x - sigma eps) / alpha at their own levels.
struct LinearStep {
  int from = 0;  ///< solver index: i, or where the step of several evaluations began
  double x = 1, eps = 0, memory = 0;
};

/// A state machine: next() says what it must know (nothing when it has finished), feed() takes the answer and advances.
class Sampler {
 public:
  virtual ~Sampler() = default;
  virtual std::optional<Query> next() = 0;
  /// The step that feed() with this prediction would take; valid between next() and feed().
  virtual StepView view(const Prediction& prediction) const = 0;
  virtual void feed(const Prediction& prediction) = 0;
  /// The finished sample [B, C, H, W]; only after next() returned nothing.
  virtual at::Tensor sample() const = 0;
};

/// Where a trajectory may set out.
struct Beginning {
  SolverIndex index{};
  TrainTime t;
  NoiseLevel level;  ///< of the x that it takes
};

/// Makes one sampler a micro-batch: x_T and ids in, state machine out.
class SamplerFactory {
 public:
  virtual ~SamplerFactory() = default;
  /// x [B, C, H, W] at the level of beginnings() with that index; the first is x_T.
  virtual std::unique_ptr<Sampler> start(at::Tensor x, Ids ids, SolverIndex from = {}) const = 0;
  /// Noisiest first: the evaluations before which the solver needs no history that only an earlier one could have given.
  virtual std::vector<Beginning> beginnings() const = 0;
  virtual int nfe() const = 0;      ///< network evaluations of one trajectory
  virtual int n_steps() const = 0;  ///< how many solver indices there are
  /// Whether x_T alone decides the sample.
  virtual bool is_deterministic() const { return true; }
  /// Noise left in the sample: none, unless the sampler stops before.
  virtual NoiseLevel final_level() const { return {}; }
  virtual bool clips() const { return false; }  ///< predicted clean images to [-1, 1]
  /// One a solver index; empty where the sampler has fresh noise or remembers more than a LinearStep says.
  virtual std::vector<LinearStep> linear_steps() const { return {}; }
};

/// Predicted clean image, DDIM (arXiv:2010.02502) eq. 9: x0 = (x_t - sigma eps) / alpha.
/// x, eps: [B, C, H, W], same shape; alpha in (0, 1], sigma in [0, 1]. Throws Error{shape} or Error{domain}.
at::Tensor predict_x0(const at::Tensor& x, const at::Tensor& eps, const NoiseLevel& level);

/// Forward process (paper Eq. 2): x_t = alpha x0 + sigma noise; alpha and sigma in [0, 1]. Throws as predict_x0.
at::Tensor add_noise(const at::Tensor& x0, const at::Tensor& noise, const NoiseLevel& level);

/// x_T: standard normals [B, C, H, W] of stream initial_noise, by id.
at::Tensor initial_noise(std::uint64_t seed, const Ids& ids, const ImageShape& shape);

}  // namespace alea
