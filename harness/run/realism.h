#pragma once

#include <memory>
#include <string>
#include <vector>

#include "protocols/protocol.h"
#include "run/pixels.h"
#include "store/store.h"

namespace alea {

/// Realism of a run's stored images against a set of real ones, in the features of a network of its own.
class RealismScorer {
 public:
  /// Opens network and real images, reads neither: what is missing is said before anything is generated. Errors as
  /// FeatureExtractor and open_image_source.
  RealismScorer(const RealismOptions& plan, const ImageExtent& extent);
  ~RealismScorer();
  RealismScorer(RealismScorer&&) noexcept;

  /// Blocks of kind array_names::realism_kind: ids u64 [n]; realism f64 [n], that of an image whose features are a real one's the
  /// largest double; attributes network_sha256 and real_sha256. Features of the real images are cached as alea metrics' are.
  void score(const Store& store, const std::vector<BlockRange>& blocks) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace alea
