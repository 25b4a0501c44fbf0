#include "run/encode.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "core/files.h"
#include "core/log.h"
#include "models/feature_network.h"
#include "run/append_rows.h"
#include "run/read_images.h"
#include "run/signals.h"
#include "store/store.h"

namespace alea {
namespace {

constexpr std::uint32_t kBlock = 500;          // images a cache file
constexpr const char* kKind = "features.set";  // of the cache's blocks
constexpr int kCacheVersion = 1;               // raised when features of equal key would differ

at::Tensor as_batch(const Picture& picture) {
  const auto pixels = at::from_blob(const_cast<std::uint8_t*>(picture.pixels.data()),
                                    {1, picture.height, picture.width, picture.channels}, at::kByte);
  return pixels.permute({0, 3, 1, 2}).contiguous();
}

/// Each picture is prepared alone, so that images of mixed sizes share a batch and a batch's make-up can't matter.
at::Tensor prepared_batch(std::span<const ReadImage> images, FeatureNetwork& network, bool pad) {
  std::vector<at::Tensor> rows;
  for (const auto& image : images) rows.push_back(network.prepare(as_batch(image.picture)));
  const auto missing = static_cast<std::int64_t>(network.spec().micro_batch) - static_cast<std::int64_t>(rows.size());
  if (pad && missing > 0) {
    std::vector<std::int64_t> shape(rows.front().sizes().begin(), rows.front().sizes().end());
    shape[0] = missing;
    rows.push_back(at::zeros(shape, rows.front().options()));
  }
  return at::cat(rows);
}

void forward(std::span<const ReadImage> images, FeatureNetwork& network, EncodedSet& out) {
  const auto& spec = network.spec();
  const bool pad = !spec.preprocessing.value("train_mode_batch_norm", false);  // there the rows of a batch see each other
  for (std::size_t first = 0; first < images.size(); first += static_cast<std::size_t>(spec.micro_batch)) {
    const auto batch = images.subspan(first, std::min<std::size_t>(spec.micro_batch, images.size() - first));
    const auto answer = network.forward(prepared_batch(batch, network, pad));
    append_rows(answer.features, batch.size(), out.pool);
    if (answer.logits.defined()) append_rows(answer.logits, batch.size(), out.logits);
    if (answer.spatial.defined()) append_rows(answer.spatial, batch.size(), out.spatial);
    for (const auto& image : batch) out.ids.push_back(image.id);
  }
}

EncodedSet empty_set(const FeatureSpec& spec, bool logits = true, bool spatial = true) {
  EncodedSet set;
  set.width = static_cast<std::size_t>(spec.width);
  set.n_classes = logits ? static_cast<std::size_t>(spec.n_classes) : 0;
  set.spatial_width = spatial ? static_cast<std::size_t>(spec.spatial_width) : 0;
  return set;
}

/// What an image that can't be used means: the end of the call, or one more that is left out.
void note_failure(const std::string& message, OnError on_error, std::vector<std::string>& failures) {
  if (on_error == OnError::fail)
    fail(ErrorCode::data, "{}; --on-error skip leaves such images out, list names all of them", message);
  failures.push_back(message);
}

EncodedSet encode_block(const ImageSource& source, FeatureNetwork& network, const BlockRange& range, OnError on_error,
                        Progress& progress) {
  EncodedSet out = empty_set(network.spec());
  const auto chunk = static_cast<std::uint64_t>(network.spec().micro_batch) * 4;
  std::vector<ReadImage> waiting;
  const std::uint64_t end = range.first + range.count;
  for (std::uint64_t first = range.first; first < end; first += chunk) {
    throw_if_stopped();
    const std::uint64_t count = std::min(chunk, end - first);
    for (auto& image : read_images(source, first, count)) {
      if (image.error.empty())
        waiting.push_back(std::move(image));
      else
        note_failure(image.error, on_error, out.failures);
    }
    // Only whole batches, so that a skipped image doesn't leave a short one in the middle.
    const std::size_t ready =
        first + count == end ? waiting.size() : waiting.size() - waiting.size() % network.spec().micro_batch;
    forward(std::span(waiting).first(ready), network, out);
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(ready));
    progress.add(count);
  }
  return out;
}

ArrayMap arrays_of(const EncodedSet& set) {
  const std::uint64_t n = set.ids.size();
  ArrayMap out;
  out["ids"] = make_array<std::uint64_t>(set.ids, {n});
  out["pool"] = make_array<float>(set.pool, {n, set.width});
  if (set.n_classes > 0) out["logits"] = make_array<float>(set.logits, {n, set.n_classes});
  if (set.spatial_width > 0) out["spatial"] = make_array<float>(set.spatial, {n, set.spatial_width});
  return out;
}

template <class T>
void append_array(const ArrayMap& arrays, const char* name, std::vector<T>& out) {
  const auto values = arrays.at(name).as<T>();
  out.insert(out.end(), values.begin(), values.end());
}

void append_block(const ArrayMap& arrays, EncodedSet& out) {
  const std::size_t n = arrays.at("ids").elements();
  append_array(arrays, "ids", out.ids);
  if (out.pool_moments)
    out.pool_moments->add({arrays.at("pool").as<float>(), n, out.width});
  else
    append_array(arrays, "pool", out.pool);
  if (out.n_classes > 0) append_array(arrays, "logits", out.logits);
  if (out.spatial_moments)
    out.spatial_moments->add({arrays.at("spatial").as<float>(), n, out.spatial_width});
  else if (out.spatial_width > 0)
    append_array(arrays, "spatial", out.spatial);
}

Json cache_key(const std::string& digest, const FeatureSpec& spec) {
  return {{"cache_version", kCacheVersion},        {"images", digest},    {"network", spec.name},
          {"weights_sha256", spec.weights_sha256}, {"width", spec.width}, {"preprocessing", spec.preprocessing},
          {"micro_batch", spec.micro_batch},       {"dtype", "float32"}};
}

/// Opens (or makes) the cache's folder of these features, held against other processes.
struct Cache {
  Cache(const fs::path& root, const Json& key, std::uint64_t n)
      : store(Store::open_or_create(root / "features" / json_sha256(key).substr(0, 24), key, n, kBlock)),
        lock(store.folder(), FolderLock::Kind::exclusive) {
    store.remove_stale_temporaries();
  }
  Store store;
  FolderLock lock;
};

/// Messages of the images that a cached block had to leave out.
void explain_gaps(const ImageSource& source, const BlockRange& range, std::span<const std::uint64_t> ids, OnError on_error,
                  std::vector<std::string>& failures) {
  for (std::uint64_t id = range.first; id < range.first + range.count; ++id) {
    if (!std::ranges::binary_search(ids, id)) note_failure(read_images(source, id, 1).front().error, on_error, failures);
  }
}

void encode_into(const ImageSource& source, FeatureNetwork& network, const EncodeOptions& options,
                 const std::optional<Cache>& cache, EncodedSet& out) {
  std::uint64_t cached = 0;
  const auto ranges = cache ? cache->store.blocks() : blocks_of(source.size(), kBlock);
  std::vector<bool> there;
  for (const auto& range : ranges) {
    there.push_back(cache && cache->store.has_block(kKind, range));
    if (there.back()) cached += range.count;
  }
  Progress progress("features", "images", source.size(), cached);
  for (const auto& range : ranges) {
    if (there[range.index]) {
      const ArrayMap arrays = cache->store.get_block(kKind, range);
      append_block(arrays, out);
      if (arrays.at("ids").elements() < range.count)
        explain_gaps(source, range, arrays.at("ids").as<std::uint64_t>(), options.on_error, out.failures);
      continue;
    }
    const EncodedSet block = encode_block(source, network, range, options.on_error, progress);
    const ArrayMap arrays = arrays_of(block);
    if (cache) cache->store.put_block(kKind, range, arrays);
    append_block(arrays, out);
    out.failures.insert(out.failures.end(), block.failures.begin(), block.failures.end());
  }
}

}  // namespace

OnError parse_on_error(const std::string& text) {
  if (text == "skip") return OnError::skip;
  return text == "list" ? OnError::list : OnError::fail;
}

std::string digest_of(const ImageSource& source, OnError on_error) {
  if (on_error == OnError::list)
    if (const auto bad = unreadable_images(source); !bad.empty()) {
      for (const auto& message : bad) log_warning("{}", message);
      fail(ErrorCode::data, "{} of {} images can't be used (named above); mend or remove them, or use --on-error skip",
           bad.size(), source.size());
    }
  return source.digest();
}

EncodedSet encode_images(const ImageSource& source, const std::string& digest, FeatureNetwork& network,
                         const EncodeOptions& options) {
  std::optional<Cache> cache;
  if (!options.cache.empty()) cache.emplace(options.cache, cache_key(digest, network.spec()), source.size());
  EncodedSet out = empty_set(network.spec(), options.logits, options.spatial);
  if (options.only_moments) out.pool_moments.emplace(out.width);
  if (options.only_moments && out.spatial_width > 0) out.spatial_moments.emplace(out.spatial_width);
  encode_into(source, network, options, cache, out);
  out.facts = source.facts();
  out.facts["digest"] = digest;
  out.facts["used"] = out.ids.size();
  out.facts["left_out"] = out.failures;
  return out;
}

EncodedSet encode_images(const ImageSource& source, FeatureNetwork& network, const EncodeOptions& options) {
  return encode_images(source, digest_of(source, options.on_error), network, options);
}

std::filesystem::path default_cache_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value == nullptr ? "" : value);
  };
  if (const auto own = variable("ALEA_CACHE"); !own.empty()) return own;
  if (const auto xdg = variable("XDG_CACHE_HOME"); !xdg.empty()) return xdg / "alea";
  if (const auto home = variable("HOME"); !home.empty()) return home / ".cache" / "alea";
  return {};
}

}  // namespace alea
