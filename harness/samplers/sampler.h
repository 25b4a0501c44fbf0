#pragma once

#include <memory>
#include <optional>

#include "models/denoiser.h"

namespace alea {

/// What a finished network evaluation at one solver step looked like, for estimators and for the ledger.
struct StepView {
  SolverIndex index;
  int n_steps = 0;       ///< number of solver steps of the sampler
  TrainTime t;
  double alpha_bar = 1;  ///< at t
  at::Tensor x;          ///< [B, C, H, W] x_t
  at::Tensor eps;        ///< network output at (x_t, t)
  at::Tensor x0;         ///< predicted clean image, clipped where the sampler clips
  const Ids* ids = nullptr;
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

/// Makes one sampler a micro-batch: x_T and ids in, state machine out.
class SamplerFactory {
 public:
  virtual ~SamplerFactory() = default;
  virtual std::unique_ptr<Sampler> start(at::Tensor x_T, Ids ids) const = 0;
  virtual int nfe() const = 0;      ///< network evaluations of one trajectory
  virtual int n_steps() const = 0;  ///< solver steps
};

/// Predicted clean image, DDIM (arXiv:2010.02502) eq. 9: x0 = (x_t - sqrt(1-alpha_bar) eps) / sqrt(alpha_bar).
/// x, eps: [B, C, H, W] float32, same shape; alpha_bar in (0, 1]. Throws Error{shape} or Error{domain}.
at::Tensor predict_x0(const at::Tensor& x, const at::Tensor& eps, double alpha_bar);

/// Forward process (paper Eq. 2): x_t = sqrt(alpha_bar) x0 + sqrt(1-alpha_bar) noise.
at::Tensor add_noise(const at::Tensor& x0, const at::Tensor& noise, double alpha_bar);

/// x_T: standard normals [B, C, H, W] of stream initial_noise, by id.
at::Tensor initial_noise(std::uint64_t seed, const Ids& ids, const ImageShape& shape);

}  // namespace alea
