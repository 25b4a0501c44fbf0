#include "run/features.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/div.h>
#include <ATen/ops/zeros.h>
#include <c10/core/TensorOptions.h>

#include <algorithm>
#include <cstring>
#include <tuple>

#include "data/dataset.h"
#include "models/feature_network.h"
#include "protocols/array_names.h"
#include "protocols/planted.h"
#include "run/append_rows.h"
#include "run/grey_range.h"
#include "run/set_network.h"

namespace alea {

namespace {

class PixelNetwork final : public FeatureNetwork {
 public:
  explicit PixelNetwork(const ImageExtent& e) {
    spec_.name = kPixelNetwork;
    spec_.input = {e.channels, e.height, e.width};
    spec_.width = static_cast<int>(e.elements());
  }
  const FeatureSpec& spec() const override { return spec_; }
  at::Tensor prepare(const at::Tensor& images) override {
    const ImageShape found{static_cast<int>(images.size(1)), static_cast<int>(images.size(2)), static_cast<int>(images.size(3))};
    if (found != spec_.input)
      fail(ErrorCode::shape, "pixels: expected images of {}x{}x{} (channels, height, width), found {}x{}x{}",
           spec_.input.channels, spec_.input.height, spec_.input.width, found.channels, found.height, found.width);
    return images.to(at::kFloat).flatten(1).div(255.0);
  }
  Output forward(const at::Tensor& prepared) override { return {prepared, at::Tensor(), at::Tensor()}; }

 private:
  FeatureSpec spec_;
};

constexpr const char* kInception = "inception";

ImageShape shape_of(const ImageExtent& e) { return {e.channels, e.height, e.width}; }

/// And what identifies its features.
std::pair<std::unique_ptr<FeatureNetwork>, std::string> published_inception() {
  SetNetwork made = make_named_network(kInception);
  return {std::move(made.network), made.fingerprint};
}

/// Images first..first+count-1 of [n, h, w, c] as the network's batch [B, c, h, w], the tail black.
at::Tensor image_batch(std::span<const std::uint8_t> images, const ImageExtent& e, std::size_t first, std::size_t count,
                       int batch) {
  at::Tensor hwc = at::zeros({batch, e.height, e.width, e.channels}, at::kByte);
  std::memcpy(hwc.mutable_data_ptr<std::uint8_t>(), images.data() + first * e.elements(), count * e.elements());
  return hwc.permute({0, 3, 1, 2}).contiguous();
}

Array feature_array(const std::vector<float>& values, std::uint64_t n, int width) {
  return make_array<float>(values, {n, static_cast<std::uint64_t>(width)});
}

/// The oracle control is of one arm: what taking its defects away gains says whether the measurement sees anything.
Ids first_arm_planted(const Plan& plan, std::uint64_t n_samples, std::uint64_t arm) {
  if (arm > 0) return {};
  Ids ids = planted_ids(plan.seed, plan.arms.empty() ? n_samples : std::min(n_samples, plan.n_ids()));
  for (SampleId& id : ids) id += plan.first_id;
  return ids;
}

}  // namespace

struct FeatureExtractor::Parts {
  ImageExtent extent;
  std::unique_ptr<FeatureNetwork> network;
  FeatureFacts facts;
};

FeatureExtractor::FeatureExtractor(const std::string& network, const ImageExtent& extent) : parts_(std::make_unique<Parts>()) {
  auto& p = *parts_;
  p.extent = extent;
  std::string fingerprint;
  if (network == kPixelNetwork)
    p.network = std::make_unique<PixelNetwork>(extent);
  else if (network == kInception)
    std::tie(p.network, fingerprint) = published_inception();
  else
    p.network = make_feature_network(network, data_folder());
  if (p.network->spec().input.channels == 1) p.network = taking_grey_rgb(std::move(p.network));
  const auto& spec = p.network->spec();
  const bool any_size = spec.input.height == 0;
  if (spec.input.channels != extent.channels || (!any_size && spec.input != shape_of(extent)))
    fail(ErrorCode::shape,
         "feature network {} wants images of {}x{}x{} (channels, height, width), but they are {}x{}x{}; choose another "
         "\"features\" network",
         network, spec.input.channels, spec.input.height, spec.input.width, extent.channels, extent.height, extent.width);
  p.facts = {spec.name, spec.weights_sha256, spec.width, spec.n_classes, spec.spatial_width, fingerprint};
}

FeatureExtractor::~FeatureExtractor() = default;
FeatureExtractor::FeatureExtractor(FeatureExtractor&&) noexcept = default;

const FeatureFacts& FeatureExtractor::facts() const { return parts_->facts; }

FeatureExtractor::Output FeatureExtractor::evaluate(std::span<const std::uint8_t> images, std::uint32_t min_max_batch) const {
  const auto& p = *parts_;
  if (images.size() % p.extent.elements() != 0)
    fail(ErrorCode::shape, "{} bytes aren't a whole number of images of {} bytes", images.size(), p.extent.elements());
  const std::size_t n = images.size() / p.extent.elements();
  const int batch = p.network->spec().micro_batch;
  std::vector<GreyRange> ranges(min_max_batch > 0 ? n + std::size_t(batch) : 0);  // the tail's padding has the full range
  if (min_max_batch > 0) std::ranges::copy(grey_ranges(images, p.extent.elements(), min_max_batch), ranges.begin());
  Output out;
  for (std::size_t first = 0; first < n; first += std::size_t(batch)) {
    const std::size_t count = std::min<std::size_t>(std::size_t(batch), n - first);
    const at::Tensor rows = image_batch(images, p.extent, first, count, batch);
    const auto answer = min_max_batch > 0
                            ? p.network->forward(prepare_stretched(*p.network, rows, std::span(ranges).subspan(first)))
                            : p.network->evaluate(rows);
    append_rows(answer.features, count, out.features);
    if (answer.logits.defined()) append_rows(answer.logits, count, out.logits);
    if (answer.spatial.defined()) append_rows(answer.spatial, count, out.spatial);
  }
  return out;
}

EncodedSet FeatureExtractor::encode(const ImageSource& source, const std::string& digest,
                                    const std::filesystem::path& cache) const {
  EncodeOptions options;
  options.cache = cache;
  options.logits = options.spatial = false;
  return encode_images(source, digest, *parts_->network, options);
}

ArrayMap feature_block(const FeatureExtractor& extractor, const Plan& plan, std::uint64_t n_samples, const ArrayMap& block,
                       std::uint64_t arm) {
  const auto& facts = extractor.facts();
  const auto ids = block.at(array_names::kIds).as<std::uint64_t>();
  const auto images = block.at(array_names::kImages).as<std::uint8_t>();
  const std::uint64_t n = ids.size();
  const auto base = extractor.evaluate(images, plan.min_max_batch);
  ArrayMap out;
  out[array_names::kIds] = block.at(array_names::kIds);
  out[array_names::kFeatures] = feature_array(base.features, n, facts.width);
  if (facts.n_classes > 0) out["logits"] = feature_array(base.logits, n, facts.n_classes);
  if (plan.spatial_features) out[array_names::kSpatial] = feature_array(base.spatial, n, facts.spatial_width);
  if (plan.unguided_arm) {
    const auto unguided = extractor.evaluate(block.at(array_names::kUnguidedImages).as<std::uint8_t>());
    out[array_names::kUnguidedFeatures] = feature_array(unguided.features, n, facts.width);
  }
  if (block.contains(array_names::kEqualCostImages)) {
    const Array& arm = block.at(array_names::kEqualCostImages);
    const auto features = extractor.evaluate(arm.as<std::uint8_t>(), plan.min_max_batch).features;
    out[array_names::kEqualCostFeatures] = feature_array(features, arm.shape.front(), facts.width);
  }
  if (plan.planted_strengths.empty()) return out;

  const Ids all = first_arm_planted(plan, n_samples, arm);
  std::vector<std::uint64_t> planted;
  std::ranges::set_intersection(ids, all, std::back_inserter(planted));
  const std::size_t size = n == 0 ? 0 : images.size() / n;
  for (std::size_t k = 0; k < plan.planted_strengths.size(); ++k) {
    std::vector<std::uint8_t> defects;
    for (const SampleId id : planted) {
      const auto image = plant_defect(images.subspan((id - ids[0]) * size, size), plan.planted_strengths[k], plan.seed, id);
      defects.insert(defects.end(), image.begin(), image.end());
    }
    out[array_names::planted_features(k)] =
        feature_array(extractor.evaluate(defects, plan.min_max_batch).features, planted.size(), facts.width);
  }
  out[array_names::kPlantedIds] = make_array<std::uint64_t>(planted, {planted.size()});
  return out;
}

}  // namespace alea
