#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"

namespace alea {

struct MeanCovariance {
  std::vector<double> mean;        ///< [d]
  std::vector<double> covariance;  ///< [d, d]
};

/// Some of the images that statistics are of.
struct StoredImages {
  std::uint64_t n = 0;
  int height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  ///< [n, height, width, 3]
};

/// Statistics of a set as any of the tools stores them.
struct StatisticsFile {
  std::string layout;   ///< "alea", "pytorch-fid" (clean-fid and EDM write the same keys), "adm" (with mu_s, sigma_s)
  MeanCovariance pool;  ///< "mu", "sigma"
  std::optional<MeanCovariance> spatial;  ///< "mu_s", "sigma_s": sFID, NHWC order
  std::uint64_t n = 0;                    ///< 0 = the file doesn't say
  std::uint64_t images = 0;               ///< images in "arr_0", 0 = none
  std::optional<StoredImages> stored;     ///< to be written there; not read back, open_image_source reads them
  Json facts =
      Json::object();  ///< what alea wrote beside: network, weights sha256, resize, quantise, dtype, version; {} in others' files
  std::vector<std::pair<std::string, std::string>> keys;  ///< key, "float64 [2048, 2048]"
  std::string sha256;                                     ///< of the file
};

/// npz of pytorch-fid, clean-fid, EDM and ADM, alea's npz and safetensors. Error{data} names file, key, expected and found; a
/// covariance must be symmetric, finite, with no negative variance.
StatisticsFile load_statistics(const std::filesystem::path& path);

/// True for a file that load_statistics reads: .npz with "mu", or safetensors with "mean".
bool is_statistics_file(const std::filesystem::path& path);

/// An npz with "mu" and "sigma" (and "mu_s", "sigma_s") in float64, which pytorch-fid, clean-fid, EDM and ADM read, and "alea":
/// facts as JSON in a uint8 array, "n", and where there are stored images "arr_0". Existing files are replaced only when
/// `replace`. Error{io} otherwise.
void write_statistics(const std::filesystem::path& path, const StatisticsFile& statistics, bool replace);

/// The lines of `alea stats show`: each key, what it is, for how many images, for which metric it can serve.
std::string describe_statistics(const StatisticsFile& statistics);

}  // namespace alea
