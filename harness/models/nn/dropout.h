#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

#include "models/denoiser.h"

namespace alea::nn {

/// What a call's mode does at the sites of a network. Each site has its number; plain mode and p = 0 return x itself.
class DropoutSites {
 public:
  DropoutSites(const Mode& mode, const Ids& ids) : mode_(mode), ids_(ids) {}
  /// x [B, ...] times mask / (1-p); the mask of row b is a function of (seed, stream, site, id_b, step, pass) in logical order.
  at::Tensor apply(const at::Tensor& x, std::uint32_t site, bool attention_site = false) const;
  /// What the residual block of the site puts out, x [B, ...], with FeatureNoiseMode's noise where it is among its sites.
  at::Tensor perturbed(const at::Tensor& x, std::uint32_t site) const;

 private:
  const Mode& mode_;
  const Ids& ids_;
};

/// 1/(1-p) where kept, 0 where dropped: [n] from 16 bits a value; kept when bits >= round(p * 65536). p in [0, 1).
void fill_dropout_mask(const DrawKey& key, double p, std::span<float> out);

}  // namespace alea::nn
