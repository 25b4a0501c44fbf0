#include "tests/accelerator/host_views.h"

#include <ATen/ops/empty_strided.h>
#include <c10/core/TensorImpl.h>

#include "tests/accelerator/device.h"

namespace alea::test {

c10::Storage HostViews::storage_of(const at::Tensor& tensor) {
  const c10::Storage& storage = tensor.storage();
  const auto [place, is_new] = storages_.try_emplace(storage.unsafeGetStorageImpl());
  if (is_new) {
    void* const first = storage.unsafeGetStorageImpl()->_mutable_data_ptr_no_checks().get();
    allocations_.push_back(first);
    place->second = c10::Storage(c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), storage.nbytes(),
                                                                       c10::DataPtr(first, c10::kCPU), nullptr, false));
  }
  return place->second;
}

at::Tensor HostViews::of(const at::Tensor& tensor) {
  if (!tensor.defined()) return tensor;
  if (tensor.is_cpu() && tensor.dim() == 0) return tensor;
  TORCH_CHECK(tensor.device() == accelerator(), name_, ": expected all tensors on ", accelerator().str(), ", found one on ",
              tensor.device().str());
  at::Tensor view =
      at::detail::make_tensor<c10::TensorImpl>(storage_of(tensor), c10::DispatchKeySet(c10::DispatchKey::CPU), tensor.dtype());
  view.unsafeGetTensorImpl()->set_sizes_and_strides(tensor.sizes(), tensor.strides(), tensor.storage_offset());
  if (tensor.dim() == 0) view.unsafeGetTensorImpl()->set_wrapped_number(tensor.unsafeGetTensorImpl()->is_wrapped_number());
  return view;
}

c10::IValue HostViews::of(const c10::IValue& value) {
  if (value.isTensor()) return of(value.toTensor());
  if (value.isDevice()) return c10::Device(c10::kCPU);
  if (value.isList()) {
    const c10::List<c10::IValue> list = value.toList();
    c10::impl::GenericList views(list.elementType());
    for (const c10::IValue& element : list) views.push_back(of(element));
    return views;
  }
  return value;
}

void HostViews::open() { access_ = std::make_unique<HostAccess>(allocations_); }

at::Tensor onto_accelerator(const at::Tensor& tensor) {
  if (!tensor.defined()) return tensor;
  const bool dense = tensor.is_non_overlapping_and_dense();
  const at::Tensor from = dense ? tensor : tensor.contiguous();
  const at::Tensor out = at::empty_strided(from.sizes(), from.strides(), from.options().device(accelerator()));
  HostViews views("onto_accelerator");
  const at::Tensor to = views.of(out);
  views.open();
  to.copy_(from);
  return out;
}

}  // namespace alea::test
