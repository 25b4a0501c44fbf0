#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/statistics_file.h"
#include "protocols/set_metrics_options.h"
#include "run/encode.h"

namespace alea {

struct SetNetwork;

/// Moments of a set's features, and what they were made of: what `alea stats build` and `alea metrics --stats-out` write. With
/// spatial features, where the set holds them.
StatisticsFile statistics_of(const EncodedSet& set, const SetNetwork& network, const std::string& convention);

/// Statistics of all images of several sets together.
struct StatisticsRequest {
  std::vector<std::string> sets;  ///< each as open_image_source takes it
  std::string convention;         ///< whose `encoder` is
  EncoderOptions encoder;         ///< without weights: inception's and vgg16's published ones in the folder of weights
  SourceOptions source;           ///< limit: of each set
  EncodeOptions encode;           ///< with a cache a stopped call goes on where it was
  std::uint64_t images = 0;       ///< so many images beside them ("arr_0"), for precision and recall: drawn, all of one extent
  std::filesystem::path out;      ///< .npz
  bool replace = false;
};

/// Writes the file. Error{config} for more images than there are, Error{data} where those kept differ in extent; otherwise errors
/// of open_image_source, make_set_network, encode_images and write_statistics.
void build_statistics(const StatisticsRequest& request);

}  // namespace alea
