#pragma once

#include <cstdint>
#include <filesystem>

namespace alea {

/// 100 samples of a trained denoiser as a 10 x 10 picture: DDIM, leading spacing, clipped.
void write_sample_grid(const std::filesystem::path& manifest, int steps, std::uint64_t seed, const std::filesystem::path& png);

}  // namespace alea
