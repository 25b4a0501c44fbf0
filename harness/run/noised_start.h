#pragma once

#include "models/denoiser.h"
#include "run/originals.h"
#include "samplers/sampler.h"
#include "samplers/start_points.h"

namespace alea {

/// Trajectories that begin midway, at real images with noise added: the reconstruction protocol (paper, Table 2).
class NoisedStart : public StartPoints {
 public:
  /// All references must outlive it. The noise is that of stream initial_noise, by seed and id.
  /// `loop_index`: the released code's mistake, the noise of the time that equals the solver index.
  NoisedStart(const Denoiser& denoiser, const Originals& originals, const Beginning& beginning, std::uint64_t seed,
              bool loop_index = false)
      : denoiser_(denoiser),
        originals_(originals),
        from_(beginning.index),
        level_(loop_index ? denoiser.schedule().level({static_cast<double>(beginning.index.value)}) : beginning.level),
        seed_(seed) {}

  SolverIndex from() const override { return from_; }
  at::Tensor x(const Ids& ids) const override {
    const at::Tensor clean = denoiser_.from_image(originals_.images(ids).to(denoiser_.spec().device)).cpu();
    return add_noise(clean, initial_noise(seed_, ids, denoiser_.spec().shape), level_);
  }
  at::Tensor labels(const Ids& ids) const override { return originals_.labels(ids, denoiser_.spec().n_classes); }

 private:
  const Denoiser& denoiser_;
  const Originals& originals_;
  SolverIndex from_;
  NoiseLevel level_;
  std::uint64_t seed_;
};

}  // namespace alea
