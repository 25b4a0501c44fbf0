#pragma once

#include <filesystem>
#include <string>

#include "data/reference_stats.h"
#include "metrics/frechet.h"
#include "results/record.h"

namespace alea {

/// What features must have in common to be compared.
struct FeatureIdentity {
  std::string network;
  std::string network_sha256;  ///< of its weights
  std::string fingerprint;     ///< of how images reach it; empty for networks that take them as they are
  bool operator==(const FeatureIdentity&) const = default;
};

/// The file that /reference names: an absolute path, else below the data folder, else, where it isn't there, below the folder of
/// published weights (models/weights_file.h).
std::filesystem::path reference_path(const std::string& name);

/// Its statistics. Error{io} when it isn't there, with how to make it; Error{data} when it is damaged; Error{not_comparable} when
/// its features are others than `features`. `key`: of the config, for messages.
ReferenceStats load_reference(const std::string& name, const FeatureIdentity& features, const char* key = "reference");

/// What the features of a record are, of `network`.
FeatureIdentity feature_identity(const std::string& network, const Record& record);

/// load_reference for a record of features of `network`, which says then under `key` of its data what it was compared with.
FrechetReference stored_reference(const std::string& name, const std::string& network, Record& record,
                                  const char* key = "reference");

/// Of the spatial features in the same file. Error{data} where it has none.
FrechetReference stored_spatial_reference(const std::string& name);

}  // namespace alea
