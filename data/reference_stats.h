#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace alea {

/// A Gaussian fitted to the features of a reference set, as committed or made by `alea stats build`.
struct ReferenceStats {
  std::string set;               ///< "fashion-mnist/train"
  std::string set_sha256;        ///< of its pixels
  std::string network;           ///< "fmnist_cnn"
  std::string network_sha256;    ///< of its weights
  std::string fingerprint = {};  ///< of how images reach it: npz of `alea metrics --stats-out` alone
  std::uint64_t n = 0;
  std::vector<double> mean;        ///< [d]
  std::vector<double> covariance;  ///< [d, d]
  std::string sha256;              ///< of the file, filled by load
};

/// safetensors: "mean" F64 [d], "covariance" F64 [d, d], the rest as metadata; or the .npz of `alea metrics --stats-out`, which
/// says of what and with which network it was made, where other tools' files don't. Error{io} or Error{data} naming file, key,
/// expected and found.
ReferenceStats load_reference_stats(const std::filesystem::path& path);
void write_reference_stats(const std::filesystem::path& path, const ReferenceStats& stats);

}  // namespace alea
