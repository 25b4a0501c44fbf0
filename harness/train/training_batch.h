#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "data/dataset.h"
#include "models/denoiser.h"

namespace alea {

/// Which image row `row` of step `step` sees: every epoch is a fresh permutation of the set, by (seed, epoch).
class EpochOrder {
 public:
  EpochOrder(std::uint64_t seed, std::uint64_t n_images) : seed_(seed), n_(n_images) {}
  std::uint32_t image_of(std::uint64_t draw);  ///< draw = step * batch + row

 private:
  std::uint64_t seed_, n_;
  std::uint64_t epoch_ = ~std::uint64_t{0};
  std::vector<std::uint32_t> order_;
};

/// Images as a float network sees them: [B, c, h, w] in [-1, 1].
at::Tensor images_to_float(const ImageSet& set, const std::vector<std::uint32_t>& which);

/// One step's worth of training data: x_t = sqrt(alpha_bar) x0 + sqrt(1-alpha_bar) noise (paper Eq. 2).
struct NoisedBatch {
  at::Tensor x_t, noise;  ///< [B, C, H, W] float32, the network's space
  at::Tensor t;           ///< [B] float32
  Ids ids;                ///< step * B + row: what dropout masks are keyed by
};

/// Times are stratified: row b of B draws t from the b-th of B equal parts of 0..T-1, which takes most of their variance out of
/// the loss.
NoisedBatch draw_noised_batch(const ImageSet& set, EpochOrder& order, const NoiseSchedule& schedule, const Codec& codec,
                              std::uint64_t seed, std::uint64_t step, int batch);

}  // namespace alea
