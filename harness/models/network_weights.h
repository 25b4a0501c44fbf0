#pragma once

#include <optional>

#include "models/checkpoint.h"
#include "models/manifest.h"
#include "models/placement.h"

namespace alea {

/// A network's parameters where and in the arithmetic in which it computes. On the meta device no file is opened: shapes without
/// values, which is all that a config's checks need.
class NetworkWeights {
 public:
  /// Of what a manifest at `manifest_path` names; `options` say what a manifest doesn't. Errors as open_checkpoint's.
  template <class Manifest>
  NetworkWeights(const Manifest& manifest, const std::filesystem::path& manifest_path, const Placement& placement,
                 const CheckpointOptions& options = {})
      : expected_sha256_(manifest.sha256) {
    if (!placement.device.is_meta()) read(open_checkpoint(manifest, manifest_path, options), placement);
  }

  NetworkWeights(const NetworkWeights&) = delete;

  ParameterSource& source();
  /// As MapSource's.
  void finish() const;
  std::int64_t n_parameters() const;
  std::string sha256() const;  ///< of the file or, on the meta device, what was expected

 private:
  void read(Checkpoint checkpoint, const Placement& placement);

  std::string expected_sha256_;
  std::optional<Checkpoint> checkpoint_;
  std::optional<CheckpointSource> stored_;
  std::optional<PlacedSource> placed_;
  MetaSource shapes_;
};

}  // namespace alea
