#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"
#include "data/image_source.h"
#include "metrics/gaussian_moments.h"

namespace alea {

class FeatureNetwork;

/// What to do about an image that can't be read: stop at the first, leave them out and count them, or read all images, name every
/// bad one and stop.
enum class OnError { fail, skip, list };
OnError parse_on_error(const std::string& text);  ///< "skip", "list", else fail

struct EncodeOptions {
  std::filesystem::path cache;  ///< folder of the feature cache; empty: features aren't kept
  OnError on_error = OnError::fail;
  bool logits = true, spatial = true;  ///< to be held in memory too; the cache has them anyway
  bool only_moments = false;           ///< of pool and spatial features, whose rows aren't held: memory doesn't grow with n
};

/// Features of a set in the source's order; a bad image that was skipped is in none of the arrays.
struct EncodedSet {
  std::vector<std::uint64_t> ids;  ///< [n] places in the source: groups of the jackknife
  std::vector<float> pool, logits, spatial;
  std::size_t width = 0, n_classes = 0, spatial_width = 0;
  std::optional<RunningMoments> pool_moments, spatial_moments;  ///< in place of rows, where only moments are wanted
  std::vector<std::string> failures;                            ///< message of each image left out
  Json facts = Json::object();                                  ///< of the source, with its digest and what was left out

  FeatureView pool_view() const { return pool_moments ? FeatureView{} : FeatureView{pool, ids.size(), width}; }
  FeatureView logits_view() const { return n_classes == 0 ? FeatureView{} : FeatureView{logits, ids.size(), n_classes}; }
  FeatureView spatial_view() const {
    return spatial_width == 0 || spatial_moments ? FeatureView{} : FeatureView{spatial, ids.size(), spatial_width};
  }
};

/// The source's digest, where the list of bad images is asked for after every image was found good: Error{data} otherwise. What
/// encode_images is keyed by; the same for every network.
std::string digest_of(const ImageSource& source, OnError on_error);

/// A feature is a function of its image, the network and its preprocessing alone: batches are padded to the network's own size.
/// With a cache, keyed by content digest, weights and preprocessing, what a killed call has finished is there for the next one.
/// Errors as the source's, Error{interrupted} after a signal.
EncodedSet encode_images(const ImageSource& source, const std::string& digest, FeatureNetwork& network,
                         const EncodeOptions& options);
EncodedSet encode_images(const ImageSource& source, FeatureNetwork& network, const EncodeOptions& options);

/// Every image is read; the messages of those that can't be.
std::vector<std::string> unreadable_images(const ImageSource& source);

/// $ALEA_CACHE, else $XDG_CACHE_HOME/alea, else ~/.cache/alea; empty where none is set.
std::filesystem::path default_cache_folder();

}  // namespace alea
