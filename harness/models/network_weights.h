#pragma once

#include <optional>

#include "models/checkpoint.h"
#include "models/placement.h"

namespace alea {

/// A network's parameters where and in the arithmetic in which it computes. On the meta device no file is opened: shapes without
/// values, which is all that a config's checks need.
class NetworkWeights {
 public:
  /// Errors as Checkpoint's.
  NetworkWeights(const std::filesystem::path& path, CheckpointOptions options, const Placement& placement);

  /// Of what a manifest at `manifest_path` names.
  template <class Manifest>
  NetworkWeights(const Manifest& manifest, const std::filesystem::path& manifest_path, const Placement& placement,
                 std::function<std::string(const std::string&)> rename = {})
      : NetworkWeights(
            manifest_path.parent_path() / manifest.weights,
            {.sha256 = manifest.sha256, .member = manifest.member, .prefix = manifest.prefix, .rename = std::move(rename)},
            placement) {}

  NetworkWeights(const NetworkWeights&) = delete;

  ParameterSource& source();
  /// As MapSource's.
  void finish() const;
  std::int64_t n_parameters() const;
  std::string sha256() const;  ///< of the file or, on the meta device, what was expected

 private:
  std::string expected_sha256_;
  std::optional<Checkpoint> checkpoint_;
  std::optional<CheckpointSource> stored_;
  std::optional<PlacedSource> placed_;
  MetaSource shapes_;
};

}  // namespace alea
