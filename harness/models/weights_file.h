#pragma once

#include <filesystem>
#include <string>

namespace alea {

/// What a manifest says of its weights.
struct WeightsEntry {
  std::string weights;    ///< file name: beside the manifest, or in weights_folder() where they are published ones
  std::string sha256;     ///< expected; empty: published says
  std::string published;  ///< the network of data/manifests/published that the file belongs to; empty: none
};

struct WeightsFile {
  std::filesystem::path path;
  std::string sha256;  ///< expected
};

/// Where scripts/fetch puts published weights: $ALEA_WEIGHTS, else alea/weights in $XDG_DATA_HOME or ~/.local/share.
std::filesystem::path weights_folder();

/// Where scripts/fetch puts the one file of a feature network of data/manifests/networks.
std::filesystem::path feature_weights_path(const std::string& network);
std::string feature_weights_sha256(const std::string& network);

/// Why the file can't be read, with the command that fetches it; empty where it is there, and for a file beside its manifest.
/// Error{config} where `published` isn't one of alea's manifests or doesn't list the file.
std::string why_missing(const WeightsEntry& entry, const std::filesystem::path& manifest);

/// The file, and the sha256 that it must have: the manifest's; for published weights the publisher's, or, where it states none,
/// the one that scripts/fetch found at the first download and noted beside the file (NAME.sha256).
/// Error{io} with the command to run where the file or its note isn't there, Error{data} for a note that is none, Error{config}
/// as why_missing and where neither sha256 nor published is given.
WeightsFile find_weights(const WeightsEntry& entry, const std::filesystem::path& manifest);

}  // namespace alea
