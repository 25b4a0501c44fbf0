#include "run/statistics.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "core/philox.h"
#include "core/provenance.h"
#include "data/image_views.h"
#include "models/weights_file.h"
#include "run/set_network.h"

namespace alea {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{8} << 30;

MeanCovariance moments_of(const FeatureView& features, const std::optional<RunningMoments>& moments) {
  Gaussian gaussian = moments ? moments->fit() : fit_gaussian(features);
  return {std::move(gaussian.mean), std::move(gaussian.covariance)};
}

std::unique_ptr<ImageSource> open_all(const StatisticsRequest& request) {
  std::vector<std::unique_ptr<ImageSource>> sources;
  for (const auto& set : request.sets) sources.push_back(open_image_source(set, request.source));
  return joined_images(std::move(sources));
}

EncoderOptions with_weights(EncoderOptions options) {
  const bool published = options.network == "inception" || options.network == "vgg16";
  if (!published || !options.weights.empty()) return options;
  options.weights = feature_weights_path(options.network).string();
  options.sha256 = feature_weights_sha256(options.network);
  return options;
}

/// A file that can't be written is better known before hours of work.
void check_out(const StatisticsRequest& request) {
  if (request.out.extension() != ".npz") fail(ErrorCode::usage, "{}: expected a name that ends in .npz", request.out.string());
  if (fs::exists(request.out) && !request.replace)
    fail(ErrorCode::io, "{}: exists already; remove it, or give --replace", request.out.string());
  if (request.out.has_parent_path()) fs::create_directories(request.out.parent_path());
}

/// `n` of those that have features, drawn by lot so that the first classes aren't all there is, in their order.
std::vector<std::uint64_t> drawn(const std::vector<std::uint64_t>& ids, std::uint64_t n) {
  if (n > ids.size()) fail(ErrorCode::config, "--images: {} are wanted, there are {}", n, ids.size());
  std::vector<std::uint32_t> order(ids.size());
  fill_permutation({.stream = Stream::subset}, order);
  std::vector<std::uint64_t> out;
  for (std::uint64_t i = 0; i < n; ++i) out.push_back(ids[order[i]]);
  std::ranges::sort(out);
  return out;
}

StoredImages images_of(const ImageSource& source, const std::vector<std::uint64_t>& ids) {
  const Picture first = source.read(ids.front());
  const std::size_t bytes = first.pixels.size();
  if (ids.size() > kMostBytes / bytes)
    fail(ErrorCode::config, "--images: {} images of {} bytes are more than fit here (8 GiB)", ids.size(), bytes);
  StoredImages out{ids.size(), first.height, first.width, std::vector<std::uint8_t>(ids.size() * bytes)};
  for (std::size_t k = 0; k < ids.size(); ++k) {
    const Picture picture = source.read(ids[k]);
    if (picture.width != first.width || picture.height != first.height)
      fail(ErrorCode::data, "--images: {}: expected {} x {} pixels (width x height) as {} has, found {} x {}",
           source.name(ids[k]), first.width, first.height, source.name(ids.front()), picture.width, picture.height);
    std::ranges::copy(picture.pixels, out.pixels.begin() + static_cast<std::ptrdiff_t>(k * bytes));
  }
  return out;
}

}  // namespace

StatisticsFile statistics_of(const EncodedSet& set, const SetNetwork& network, const std::string& convention) {
  StatisticsFile out;
  out.pool = moments_of(set.pool_view(), set.pool_moments);
  if (set.spatial_width > 0) out.spatial = moments_of(set.spatial_view(), set.spatial_moments);
  out.n = set.ids.size();
  out.facts = {{"encoder", network.facts},
               {"fingerprint", network.fingerprint},
               {"convention", convention},
               {"images", set.facts},
               {"alea", provenance().value("alea", "unknown")}};
  return out;
}

void build_statistics(const StatisticsRequest& request) {
  check_out(request);
  const auto source = open_all(request);
  const SetNetwork network = make_set_network(with_weights(request.encoder));
  const auto& spec = network.network->spec();
  EncodeOptions encode = request.encode;
  encode.logits = false;
  // Of more images than this no features are held: memory doesn't grow with their number.
  encode.only_moments = source->size() > 2 * static_cast<std::uint64_t>(std::max(spec.width, spec.spatial_width));
  const EncodedSet set = encode_images(*source, *network.network, encode);
  for (const auto& message : set.failures) log_warning("left out: {}", message);
  if (set.ids.size() < 2)
    fail(ErrorCode::data, "{}: {} usable images, expected at least 2: one image has no covariance", fmt::join(request.sets, ", "),
         set.ids.size());
  StatisticsFile statistics = statistics_of(set, network, request.convention);
  if (request.images > 0) statistics.stored = images_of(*source, drawn(set.ids, request.images));
  write_statistics(request.out, statistics, request.replace);
}

}  // namespace alea
