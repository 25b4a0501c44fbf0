#include "models/conditioning.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

#include "core/error.h"
#include "hdf5/number_array.h"

namespace alea {

ConditioningTable::ConditioningTable(const std::string& what) {
  const NumberArray array = read_number_array(what);
  source_ = array.source;
  sha256_ = array.sha256;
  table_ = at::empty(std::vector<std::int64_t>(array.shape.begin(), array.shape.end()), at::kFloat);
  std::copy(array.values.begin(), array.values.end(), table_.mutable_data_ptr<float>());
}

at::Tensor ConditioningTable::rows(const Ids& ids) const {
  const auto n = static_cast<SampleId>(table_.size(0));
  const auto past = std::find_if(ids.begin(), ids.end(), [&](SampleId id) { return id >= n; });
  if (past != ids.end())
    fail(ErrorCode::domain, "{}: holds {} rows of conditioning, id {} was asked for; generate fewer, or give more", source_, n,
         *past);
  const std::vector<std::int64_t> places(ids.begin(), ids.end());
  return table_.index_select(0, at::tensor(places, at::kLong));
}

}  // namespace alea
