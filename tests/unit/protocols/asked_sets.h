#pragma once

#include <vector>

#include "fake_run.h"
#include "protocols/real_features.h"

namespace alea {

inline constexpr std::uint64_t kRealImages = 300;

/// Good images of the fake run's law, as features.
inline std::vector<float> real_pixels(std::uint64_t n = kRealImages) {
  std::vector<float> features;
  for (std::uint64_t i = 0; i < n; ++i)
    for (const float v : FakeRun::features_of(FakeRun::image(i, false, 55))) features.push_back(v);
  return features;
}

/// Everything that a filtering config may ask for without Inception.
inline void ask_for_sets(FakeRun& run, std::uint64_t n_real = kRealImages) {
  RealFeatures real;
  real.images = "fake/real";
  real.images_sha256 = std::string(64, '3');
  real.identity = {"pixels", FakeRun::kNetworkSha256, ""};
  real.of = 2 * n_real;
  real.n = n_real;
  real.d = FakeRun::kPixels;
  real.features = real_pixels(n_real);
  write_real_features(run.folder / "real.safetensors", real);
  run.config["metrics"] = {"fid", "fid_bias", "kid", "prdc"};
  run.config["reference_images"] = (run.folder / "real.safetensors").string();
  run.config["second_reference"] = run.config["reference"];
  run.config["retained"] = {{"shares", {0.5, 0.75, 1}}, {"draws", 4}};
}

}  // namespace alea
