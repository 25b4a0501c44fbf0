#pragma once

#include <cstdint>
#include <string>

namespace alea {

class Denoiser;

/// What a model's answers cost in floating-point operations, of one image; see nn::FlopCount for what is counted.
struct ModelFlops {
  std::uint64_t prediction = 0;  ///< of one prediction, that is of all spec().forwards, a backward counting as two forwards
  std::uint64_t decoding = 0;    ///< from the network's space to an image, once an image
  std::string why_unknown = {};  ///< not empty: there is no count, and why

  bool known() const { return why_unknown.empty(); }
};

/// Of a model on the meta device, from its architecture alone: no weights are needed and nothing is computed. Error{internal} for
/// a model elsewhere.
ModelFlops count_flops(Denoiser& described);

}  // namespace alea
