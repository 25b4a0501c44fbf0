#include "run/reference.h"

#include <algorithm>

#include "data/dataset.h"
#include "metrics/gaussian_moments.h"
#include "protocols/reference_file.h"

namespace alea {

ReferenceStats reference_of_set(const std::string& set, const std::filesystem::path& root, const std::string& network) {
  const ImageSet images = load_dataset(set, root);
  const FeatureExtractor extractor(network, {images.channels, images.height, images.width});
  const auto& facts = extractor.facts();
  const auto features = extractor.evaluate(images.pixels).features;
  Gaussian gaussian = fit_gaussian(FeatureView{features, images.n, static_cast<std::size_t>(facts.width)});
  return {.set = images.name,
          .set_sha256 = images.sha256,
          .network = facts.network,
          .network_sha256 = facts.network_sha256,
          .n = images.n,
          .mean = std::move(gaussian.mean),
          .covariance = std::move(gaussian.covariance),
          .sha256 = {}};
}

std::string check_reference(const Json& config, const FeatureFacts& features) {
  const FeatureIdentity identity{features.network, features.network_sha256, features.fingerprint};
  const auto checked = [&](const char* key) {
    const std::string name = config.value(key, "");
    const ReferenceStats stats = load_reference(name, identity, key);
    return fmt::format("{} ({} images of {})", name, stats.n, stats.set);
  };
  const Json metrics = config.value("metrics", Json::array());
  const bool self = config.value("reference", "self") == "self";
  std::string text = self ? "self" : checked("reference");
  if (!self && std::ranges::find(metrics, Json("sfid")) != metrics.end()) stored_spatial_reference(config["reference"]);
  if (!config.value("second_reference", "").empty()) text += " and " + checked("second_reference");
  return text;
}

}  // namespace alea
