#include "run/realism.h"

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "metrics/precision_recall.h"
#include "protocols/array_names.h"
#include "run/encode.h"
#include "run/features.h"
#include "run/set_network.h"

namespace alea {

struct RealismScorer::Parts {
  RealismOptions plan;
  FeatureExtractor extractor;
  SetNetwork network;
  std::unique_ptr<ImageSource> real;
};

RealismScorer::RealismScorer(const RealismOptions& plan, const ImageExtent& extent)
    : parts_(new Parts{plan, FeatureExtractor(plan.network, extent), make_named_network(plan.network),
                       open_image_source(plan.real)}) {}

RealismScorer::~RealismScorer() = default;
RealismScorer::RealismScorer(RealismScorer&&) noexcept = default;

void RealismScorer::score(const Store& store, const std::vector<BlockRange>& blocks) const {
  const Parts& p = *parts_;
  const std::string digest = digest_of(*p.real, OnError::fail);
  const EncodedSet real =
      encode_images(*p.real, digest, *p.network.network, {.cache = default_cache_folder(), .logits = false, .spatial = false});
  std::vector<float> features;
  std::size_t n = 0;
  for (const BlockRange& range : blocks) {
    const ArrayMap block = store.get_block(array_names::kBlocks, range, array_names::kImages);
    const auto made = p.extractor.evaluate(block.at(array_names::kImages).as<std::uint8_t>()).features;
    features.insert(features.end(), made.begin(), made.end());
    n += range.count;
  }
  const auto scores = realism(real.pool_view(), {features, n, real.width}, p.plan.k);
  auto at = scores.begin();
  for (const BlockRange& range : blocks) {
    std::vector<double> own(at, at + range.count);
    at += range.count;
    for (double& score : own) score = std::min(score, std::numeric_limits<double>::max());
    Ids ids = consecutive_ids(range.count);
    for (SampleId& id : ids) id += range.first;
    ArrayMap out;
    out[array_names::kIds] = make_array<std::uint64_t>(ids, {range.count});
    Array array = make_array<double>(own, {range.count});
    array.attributes = {{"network_sha256", p.extractor.facts().network_sha256}, {"real_sha256", digest}};
    out[array_names::kRealism] = std::move(array);
    store.put_block(array_names::realism_kind(p.plan.network), range, out);
  }
}

}  // namespace alea
