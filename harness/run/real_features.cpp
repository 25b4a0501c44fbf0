#include "run/real_features.h"

#include "core/files.h"
#include "data/image_source.h"
#include "metrics/selection.h"
#include "protocols/real_features.h"

namespace alea {
namespace {

constexpr std::uint64_t kSeed = 0;  // of which images are drawn

/// Some images of a source, in its order.
class Drawn final : public ImageSource {
 public:
  Drawn(std::unique_ptr<ImageSource> source, std::vector<std::uint32_t> places)
      : source_(std::move(source)), places_(std::move(places)) {}
  std::uint64_t size() const override { return places_.size(); }
  std::string name(std::uint64_t i) const override { return source_->name(places_[i]); }
  Picture read(std::uint64_t i) const override { return source_->read(places_[i]); }
  /// Of those that are drawn alone: the others may be a hundred times as many.
  std::string digest() const override {
    Json parts = Json::array();
    for (std::uint64_t i = 0; i < size(); ++i) {
      const Picture picture = read(i);
      parts.push_back({name(i), picture.width, picture.height, sha256_hex(std::as_bytes(std::span(picture.pixels)))});
    }
    return json_sha256(parts);
  }
  Json facts() const override { return {{"kind", "drawn"}, {"n", size()}, {"of", source_->size()}, {"seed", kSeed}}; }

 private:
  std::unique_ptr<ImageSource> source_;
  std::vector<std::uint32_t> places_;
};

std::unique_ptr<ImageSource> open_images(const Plan& plan, std::uint64_t& of) {
  auto source = open_image_source(plan.reference_images);
  of = source->size();
  if (plan.reference_count > of)
    fail(ErrorCode::config, "/reference_count: {} of {} images of {}; lower it, or 0 for all", plan.reference_count, of,
         plan.reference_images);
  if (plan.reference_count == 0 || plan.reference_count == of) return source;
  auto places = random_subset(of, plan.reference_count, kSeed, 0);
  return std::make_unique<Drawn>(std::move(source), std::move(places));
}

FeatureIdentity identity_of(const FeatureFacts& facts) { return {facts.network, facts.network_sha256, facts.fingerprint}; }

}  // namespace

std::string check_real_features(const Plan& plan, const FeatureExtractor& extractor) {
  if (plan.reference_images.empty()) return "";
  if (is_real_features_file(plan.reference_images)) {
    const RealFeatures real = load_real_features(reference_path(plan.reference_images), identity_of(extractor.facts()));
    return fmt::format("{} ({} images of {})", plan.reference_images, real.n, real.images);
  }
  std::uint64_t of = 0;
  auto source = open_images(plan, of);
  const std::uint64_t n = source->size();
  const Drawn first(std::move(source), {0});
  extractor.encode(first, first.digest(), {});
  return fmt::format("{} ({} of {} images)", plan.reference_images, n, of);
}

void make_real_features(const Plan& plan, const FeatureExtractor& extractor, const std::filesystem::path& folder) {
  const fs::path path = folder / kRealFeaturesFile;
  if (plan.reference_images.empty() || is_real_features_file(plan.reference_images) || fs::exists(path)) return;
  RealFeatures real;
  const auto source = open_images(plan, real.of);
  EncodedSet set = extractor.encode(*source, source->digest(), default_cache_folder());
  real.images = plan.reference_images;
  real.images_sha256 = set.facts.at("digest").get<std::string>();
  real.identity = identity_of(extractor.facts());
  real.n = set.ids.size();
  real.d = set.width;
  real.features = std::move(set.pool);
  write_real_features(path, real);
}

}  // namespace alea
