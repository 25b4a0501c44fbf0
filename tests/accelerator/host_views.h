#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/accelerator/memory.h"

namespace alea::test {

/// CPU tensors over the accelerator's memory, of the same sizes, strides and sharing: what a kernel of the CPU computes with them
/// has the bits that it would have had there. Usable after open(), while this lives.
class HostViews {
 public:
  explicit HostViews(std::string name) : name_(std::move(name)) {}

  /// Of an argument of an operator. A tensor of another device raises c10::Error, as on a GPU, but for single numbers.
  at::Tensor of(const at::Tensor& tensor);
  c10::IValue of(const c10::IValue& value);
  void open();

 private:
  c10::Storage storage_of(const at::Tensor& tensor);

  std::string name_;
  std::map<const c10::StorageImpl*, c10::Storage> storages_;
  std::vector<const void*> allocations_;
  std::unique_ptr<HostAccess> access_;
};

/// A tensor of the CPU moved onto the accelerator, with its strides where it is dense.
at::Tensor onto_accelerator(const at::Tensor& tensor);

/// What an operator's name for messages makes of a call: kernel(views) between open() and the move of its answer.
template <class Kernel>
at::Tensor on_host(const char* name, const std::vector<at::Tensor>& arguments, Kernel&& kernel) {
  HostViews views(name);
  std::vector<at::Tensor> seen;
  for (const at::Tensor& argument : arguments) seen.push_back(views.of(argument));
  views.open();
  return onto_accelerator(kernel(seen));
}

}  // namespace alea::test
