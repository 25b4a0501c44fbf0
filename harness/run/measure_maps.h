#pragma once

#include <string>

#include "protocols/sparsification_rows.h"

namespace alea {

/// What `alea ause` is asked: arrays [n, ...] of equal shape, one image a row, each as read_number_array takes it.
struct MapsRequest {
  std::string errors;       ///< signed or absolute
  std::string uncertainty;  ///< larger = less certain, in any scale
  std::string mask;         ///< elements that are 0 don't count; empty: all count
  SparsificationOptions options;
};

struct MeasuredMaps {
  Record record;  ///< comparable where errors, mask and conventions agree: another method on the same errors
  Json curves;    ///< sparsification_rows
};

/// Error{io} and Error{data} of the files, Error{shape} for unlike shapes, Error{usage} for an unknown error or convention.
MeasuredMaps measure_maps(const MapsRequest& request);

}  // namespace alea
