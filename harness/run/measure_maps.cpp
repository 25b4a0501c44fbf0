#include "run/measure_maps.h"

#include <fmt/ranges.h>

#include <cmath>

#include "core/error.h"
#include "core/ids.h"
#include "core/provenance.h"
#include "hdf5/number_array.h"

namespace alea {
namespace {

Json facts_of(const NumberArray& array) { return {{"source", array.source}, {"shape", array.shape}, {"sha256", array.sha256}}; }

void expect_shape(const NumberArray& array, const NumberArray& errors) {
  if (array.shape != errors.shape)
    fail(ErrorCode::shape, "{}: [{}], expected the errors' shape [{}] ({})", array.source, fmt::join(array.shape, ", "),
         fmt::join(errors.shape, ", "), errors.source);
}

std::vector<std::uint8_t> as_mask(const NumberArray& array) {
  std::vector<std::uint8_t> mask;
  for (const float value : array.values) mask.push_back(value != 0 ? 1 : 0);
  return mask;
}

/// The record's identity; `mask` empty: none.
Record identify(const MapsRequest& request, const NumberArray& errors, const NumberArray& uncertainty, const Json& mask) {
  Record record;
  record.protocol = "sparsification";
  record.model = Json::object();
  record.data = {{"errors", facts_of(errors)}, {"uncertainty", facts_of(uncertainty)}, {"mask", mask}};
  record.config = {{"protocol", record.protocol},
                   {"name", "ause"},
                   {"conventions", request.options.conventions},
                   {"error_kinds", request.options.errors},
                   {"errors", errors.sha256},
                   {"uncertainty", uncertainty.sha256},
                   {"mask", mask.is_null() ? Json() : mask["sha256"]}};
  Json comparable = record.config;
  comparable.erase("uncertainty");  // another method on the same errors is what is compared
  record.config_sha256 = json_sha256(record.config);
  record.comparable_sha256 = json_sha256(comparable);
  record.provenance = provenance();
  record.samples = {{"planned", errors.shape.front()}, {"complete", errors.shape.front()}};
  return record;
}

}  // namespace

MeasuredMaps measure_maps(const MapsRequest& request) {
  NumberArray errors = read_number_array(request.errors);
  const NumberArray uncertainty = read_number_array(request.uncertainty);
  expect_shape(uncertainty, errors);
  std::vector<std::uint8_t> mask;
  Json mask_facts;
  if (!request.mask.empty()) {
    const NumberArray array = read_number_array(request.mask);
    expect_shape(array, errors);
    mask = as_mask(array);
    mask_facts = facts_of(array);
  }
  MeasuredMaps out{identify(request, errors, uncertainty, mask_facts), {}};
  for (float& error : errors.values) error = std::abs(error);
  const Ids ids = consecutive_ids(errors.shape.front());
  auto found = sparsification_rows({errors.values, uncertainty.values, mask, ids}, request.options);
  out.record.metrics = std::move(found.rows);
  out.curves = std::move(found.curves);
  return out;
}

}  // namespace alea
