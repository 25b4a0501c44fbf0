#pragma once

#include <filesystem>
#include <string>

#include "protocols/set_metrics_options.h"
#include "results/record.h"
#include "run/encode.h"

namespace alea {

/// Two sets of images, or statistics of them, to be measured against each other.
struct MeasureRequest {
  std::string real,
      generated;  ///< as open_image_source takes them, or a statistics file; `generated` empty: only statistics are made
  SetMetricsOptions options;
  SourceOptions source;
  EncodeOptions encode;
  std::filesystem::path statistics_out;  ///< of the real set, for pytorch-fid, clean-fid, EDM and ADM too; empty: none
  bool replace = false;                  ///< an existing statistics_out
};

/// Extracts what isn't in the cache, measures, and returns the record (no rows where there is no generated set). Its `comparable`
/// hash covers every convention, the weights and the real set: only records of equal hash compare. Error{not_comparable} for
/// statistics that alea made with another network or preprocessing.
Record measure_sets(const MeasureRequest& request);

}  // namespace alea
