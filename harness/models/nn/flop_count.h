#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace alea::nn {

/// While one lives, layers of its thread that are shown tensors of the meta device add what they would compute there: two FLOPs a
/// multiplication with its addition, of convolutions, linear layers and the two products of attention. Norms, activations,
/// softmax and biases aren't counted, as by other tools. One at a time a thread.
class FlopCount {
 public:
  FlopCount();
  ~FlopCount();
  FlopCount(const FlopCount&) = delete;
  FlopCount& operator=(const FlopCount&) = delete;

  std::uint64_t flops() const { return flops_; }
  const std::string& why_unknown() const { return why_unknown_; }  ///< empty: all was counted

 private:
  friend void count_product(const at::Tensor&, std::int64_t, std::int64_t);
  friend void count_unknown(const std::string&);
  std::uint64_t flops_ = 0;
  std::string why_unknown_;
};

/// `elements` sums of `terms` products each, where `shown` is on the meta device.
void count_product(const at::Tensor& shown, std::int64_t elements, std::int64_t terms);

/// What was shown to the caller can't be counted.
void count_unknown(const std::string& why);

}  // namespace alea::nn
