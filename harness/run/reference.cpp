#include "run/reference.h"

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
  const std::string name = config.value("reference", "self");
  if (name == "self") return "self";
  const ReferenceStats stats = load_reference(name, {features.network, features.network_sha256, features.fingerprint});
  return fmt::format("{} ({} images of {})", name, stats.n, stats.set);
}

}  // namespace alea
