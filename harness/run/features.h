#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hdf5/hdf5.h"
#include "protocols/protocol.h"
#include "run/encode.h"
#include "run/pixels.h"

namespace alea {

/// Name of the network whose features are the pixels themselves over 255: for toys, whose law is known there.
inline constexpr const char* kPixelNetwork = "pixels";

struct FeatureFacts {
  std::string network;
  std::string network_sha256;  ///< empty: no weights
  int width = 0, n_classes = 0, spatial_width = 0;
  std::string fingerprint = {};  ///< SetNetwork's, of a network that images are resized for
};

/// Feature vectors of stored images. Features depend on the image alone, never on its neighbours or the batch, unless a quirk of
/// the released code is asked for.
class FeatureExtractor {
 public:
  /// kPixelNetwork; a network of <data>/embedded; or "inception", the published one from the folder of weights, as pytorch-fid
  /// feeds it. Error{config} for an unknown name, Error{io} with the command that fetches Inception's weights, Error{shape} when
  /// the network wants images of another extent.
  FeatureExtractor(const std::string& network, const ImageExtent& extent);
  ~FeatureExtractor();
  FeatureExtractor(FeatureExtractor&&) noexcept;

  const FeatureFacts& facts() const;

  struct Output {
    std::vector<float> features;  ///< [n, width]
    std::vector<float> logits;    ///< [n, n_classes]
    std::vector<float> spatial;   ///< [n, spatial width], of a network that has them
  };
  /// images: [n, h, w, c] uint8. min_max_batch: Plan's, which ties an image's features to the images beside it.
  Output evaluate(std::span<const std::uint8_t> images, std::uint32_t min_max_batch = 0) const;

  /// Features of anybody's images by the same network, through a cache of encode_images; empty: none. Errors as encode_images,
  /// Error{shape} where the network doesn't take images of that extent.
  EncodedSet encode(const ImageSource& source, const std::string& digest, const std::filesystem::path& cache) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// The arrays of a features block, from the arrays of its "blocks" block: ids u64 [n]; features f32 [n, d]; logits f32 [n, k]
/// where the network has classes; spatial f32 [n, s] where the plan wants them; and for the oracle control planted/ids u64 [m]
/// with planted/<i>/features f32 [m, d], the features of images with a defect of plan.planted_strengths[i] (m may be 0).
/// `n_samples` is the run's: it decides which ids are planted, those of the first arm alone.
ArrayMap feature_block(const FeatureExtractor& extractor, const Plan& plan, std::uint64_t n_samples, const ArrayMap& block,
                       std::uint64_t arm = 0);

}  // namespace alea
