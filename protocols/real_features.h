#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "metrics/gaussian_moments.h"
#include "protocols/reference_file.h"

namespace alea {

/// Single features of real images, for metrics that no mean and covariance can serve: KID, precision and recall.
struct RealFeatures {
  std::string images;         ///< as the config names them
  std::string images_sha256;  ///< of names and contents
  FeatureIdentity identity;
  std::uint64_t of = 0;  ///< images that they were drawn from
  std::size_t n = 0, d = 0;
  std::vector<float> features;  ///< [n, d]
  std::string sha256;           ///< of the file, filled by load

  FeatureView view() const { return {features, n, d}; }
};

/// Of a run's folder: where run/ stores them and protocols find them.
inline constexpr const char* kRealFeaturesFile = "real_features.safetensors";

/// safetensors: "features" F32 [n, d], the rest as metadata. Error{io} when it isn't there, Error{data} naming file, key,
/// expected and found, Error{not_comparable} when the features are others than `identity`.
RealFeatures load_real_features(const std::filesystem::path& path, const FeatureIdentity& identity);
void write_real_features(const std::filesystem::path& path, const RealFeatures& features);

/// Whether /reference_images names such a file instead of images.
bool is_real_features_file(const std::string& images);

}  // namespace alea
