#include "run/sample_summary.h"

#include <algorithm>
#include <optional>

#include "data/dataset.h"
#include "data/reference_stats.h"
#include "metrics/frechet.h"
#include "metrics/jackknife.h"
#include "metrics/selection.h"
#include "protocols/array_names.h"
#include "run/features.h"
#include "store/store.h"

namespace alea {

namespace {

struct Images {
  ImageExtent extent;
  std::vector<std::uint8_t> pixels;
};

Images first_images(const Store& store, std::uint64_t count) {
  if (store.n_samples() < count)
    fail(ErrorCode::io, "{}: has {} images, {} are asked for; give a smaller --count", store.folder().string(), store.n_samples(),
         count);
  const Array all = store.gather("blocks", array_names::kImages);
  const ImageExtent extent{static_cast<int>(all.shape[3]), static_cast<int>(all.shape[1]), static_cast<int>(all.shape[2])};
  const auto values = all.as<std::uint8_t>().first(count * extent.elements());
  return {extent, {values.begin(), values.end()}};
}

FrechetReference reference_of(const ReferenceStats& stats) { return FrechetReference({stats.mean, stats.covariance, stats.n}); }

std::vector<double> class_shares(const Images& images, const std::string& classifier) {
  const FeatureExtractor extractor(classifier, images.extent);
  const auto logits = extractor.evaluate(images.pixels).logits;
  const auto classes = static_cast<std::size_t>(extractor.facts().n_classes);
  std::vector<double> shares(classes, 0.0);
  const std::size_t n = logits.size() / classes;
  for (std::size_t i = 0; i < n; ++i) {
    const auto* row = logits.data() + i * classes;
    shares[static_cast<std::size_t>(std::max_element(row, row + classes) - row)] += 1.0 / static_cast<double>(n);
  }
  return shares;
}

}  // namespace

Json summarise_samples(const SummaryRequest& request) {
  const Images images = first_images(Store::open(request.run), request.count);
  const FeatureExtractor extractor(request.network, images.extent);
  const auto features = extractor.evaluate(images.pixels).features;
  const Ids ids = consecutive_ids(request.count);
  const std::vector<double> no_order(request.count, 0.0);

  Json summary{{"count", request.count}, {"network", request.network}, {"distances", Json::array()}};
  std::optional<FrechetReference> first;
  for (const auto& name : request.references) {
    const auto path = fs::exists(name) ? fs::path(name) : data_folder() / name;
    const ReferenceStats stats = load_reference_stats(path);
    if (stats.network_sha256 != extractor.facts().network_sha256)
      fail(ErrorCode::not_comparable, "{}: statistics of another network than {}", path.string(), request.network);
    const FrechetReference reference = reference_of(stats);
    const FilteringAnalysis analysis({features, request.count, static_cast<std::size_t>(extractor.facts().width)}, ids,
                                     reference);
    const auto distance = analysis.kept(no_order, request.count, KeepSide::lowest);
    const auto interval = jackknife_interval(distance.value, distance.leave_one_out);
    Json row{{"reference", stats.set}, {"value", interval.value}, {"low", interval.low}, {"high", interval.high}};
    if (first)
      row["to_first_reference"] = first->distance(reference.gaussian());
    else
      first.emplace(reference);
    summary["distances"].push_back(row);
  }
  if (!request.classifier.empty()) summary["class_shares"] = class_shares(images, request.classifier);
  return summary;
}

}  // namespace alea
