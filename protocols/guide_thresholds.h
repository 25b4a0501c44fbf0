#pragma once

#include <filesystem>
#include <string>

#include "core/config.h"
#include "uncertainty/guidance_thresholds.h"

namespace alea {

/// Thresholds of a guide, as `alea thresholds` makes them: at each step the value at place floor(n q) of the sorted
/// uncertainties.
struct ThresholdsFile {
  GuidanceThresholds thresholds;
  double quantile = 0;
  std::uint64_t n_samples = 0, first_id = 0;
  Json model, sampler;         ///< resolved, of the unguided trajectories
  Json uncertainty;            ///< uncertainty_of_mask
  std::string weights_sha256;  ///< empty: a model without weights
  std::uint64_t seed = 0;
  std::string sha256;  ///< of the file, filled by load
};

/// safetensors: "thresholds" F32 [W] or [W, C, H, W'], "indices" I64 [W], the rest as metadata. Error{io} or Error{data} naming
/// file, key, expected and found.
ThresholdsFile load_thresholds_file(const std::filesystem::path& path);
/// Atomic; equal input gives equal bytes.
void write_thresholds_file(const std::filesystem::path& path, const ThresholdsFile& file);

/// For people.
std::string describe(const ThresholdsFile& file);

}  // namespace alea
