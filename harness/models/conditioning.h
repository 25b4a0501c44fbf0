#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "core/ids.h"

namespace alea {

/// A tensor for each id, as a text encoder may have made them: row i of an array [n, ...] in an .npy, .npz or HDF5 file
/// ("text.h5:embeddings") belongs to id i. float32.
class ConditioningTable {
 public:
  /// `what` as read_number_array. Errors as its.
  explicit ConditioningTable(const std::string& what);
  at::Tensor rows(const Ids& ids) const;  ///< [B, ...]; Error{domain} naming an id past the table
  const std::string& sha256() const { return sha256_; }

 private:
  std::string source_, sha256_;
  at::Tensor table_;
};

}  // namespace alea
