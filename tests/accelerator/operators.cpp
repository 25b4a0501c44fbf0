// Operators of the test accelerator: memory, views and copies of its own, and the CPU's kernels over its memory for all others.

#include <ATen/EmptyTensor.h>
#include <ATen/ExpandUtils.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_native.h>
#include <c10/util/strides.h>
#include <torch/library.h>

#include "tests/accelerator/device.h"
#include "tests/accelerator/host_views.h"

namespace alea::test {
namespace {

constexpr c10::DispatchKeySet kKeys(c10::DispatchKey::PrivateUse1);

at::Tensor empty(at::IntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<at::Layout>, std::optional<at::Device>,
                 std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, accelerator_allocator(), kKeys, c10::dtype_or_default(dtype), format);
}

at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, std::optional<at::ScalarType> dtype,
                         std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, accelerator_allocator(), kKeys, c10::dtype_or_default(dtype));
}

/// The one way between devices, in either direction, and within this one.
at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool) {
  HostViews views("copy");
  const auto seen = [&](const at::Tensor& tensor) { return tensor.is_cpu() ? tensor : views.of(tensor); };
  const at::Tensor source = seen(from), target = seen(to);
  views.open();
  target.copy_(source);
  return to;
}

at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
  to.resize_(from.sizes());
  return copy_from(from, to, false);
}

const at::Tensor& resize(const at::Tensor& self, at::IntArrayRef size, std::optional<at::MemoryFormat> format) {
  TORCH_CHECK(self.numel() == 0 || self.sizes() == size, "resize_: only empty tensors grow on ", accelerator().str());
  if (self.sizes() == size) return self;
  const at::Tensor grown = empty(size, self.scalar_type(), {}, {}, {}, format);
  auto* const impl = self.unsafeGetTensorImpl();
  impl->set_storage_keep_dtype(grown.storage());
  impl->set_sizes_and_strides(grown.sizes(), grown.strides(), 0);
  return self;
}

at::Tensor& set_storage(at::Tensor& self, at::Storage source, std::int64_t offset, at::IntArrayRef size, at::IntArrayRef stride) {
  TORCH_CHECK(source.device() == accelerator(), "set_: expected memory on ", accelerator().str(), ", found it on ",
              source.device().str());
  auto* const impl = self.unsafeGetTensorImpl();
  impl->set_storage_keep_dtype(std::move(source));
  if (stride.empty() && !size.empty())
    impl->set_sizes_and_strides(size, c10::contiguous_strides(size), offset);
  else
    impl->set_sizes_and_strides(size, stride, offset);
  return self;
}

/// The device tensor that a returned tensor is, where the schema says that it is one of the arguments.
std::optional<c10::IValue> argument_returned(const c10::FunctionSchema& schema, std::size_t place,
                                             const std::vector<c10::IValue>& arguments) {
  const auto* alias = schema.returns()[place].alias_info();
  if (alias == nullptr) return std::nullopt;
  TORCH_CHECK(alias->isWrite(), schema.operator_name(), ": a view has to be made by the accelerator itself");
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (const auto* taken = schema.arguments()[i].alias_info(); taken != nullptr && *taken == *alias) return arguments[i];
  TORCH_CHECK(false, schema.operator_name(), ": returns an argument that it doesn't have");
}

c10::IValue moved(const c10::IValue& answer) {
  if (answer.isTensor()) return onto_accelerator(answer.toTensor());
  if (!answer.isTensorList()) return answer;
  c10::List<at::Tensor> out;
  for (const at::Tensor& tensor : answer.toTensorVector()) out.push_back(onto_accelerator(tensor));
  return out;
}

/// Whether an operator may give this argument its extent: an `out` that is empty yet.
bool is_to_grow(const c10::Argument& parameter, const c10::IValue& argument) {
  const auto* alias = parameter.alias_info();
  return alias != nullptr && alias->isWrite() && argument.isTensor() && argument.toTensor().defined() &&
         argument.toTensor().numel() == 0;
}

void on_host_memory(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const auto& schema = op.schema();
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  const std::vector<c10::IValue> arguments = torch::jit::pop(*stack, schema.arguments().size());
  std::vector<c10::IValue> answers;
  std::vector<std::pair<at::Tensor, at::Tensor>> growing;  // there, here
  HostViews views(schema.name());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    answers.push_back(views.of(arguments[i]));
    if (!is_to_grow(schema.arguments()[i], arguments[i])) continue;
    const at::Tensor there = arguments[i].toTensor(), here = at::empty({0}, there.options().device(at::kCPU));
    growing.emplace_back(there, here);
    answers.back() = here;
  }
  views.open();
  op.callBoxed(&answers);
  for (const auto& [there, here] : growing) copy_from_and_resize(here, there);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto returned = argument_returned(schema, i, arguments);
    torch::jit::push(*stack, returned ? *returned : moved(answers[i]));
  }
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&on_host_memory>()); }

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", &empty);
  m.impl("empty_strided", &empty_strided);
  m.impl("_copy_from", &copy_from);
  m.impl("_copy_from_and_resize", &copy_from_and_resize);
  m.impl("resize_", &resize);
  m.impl("set_.source_Storage_storage_offset", &set_storage);
  m.impl("as_strided", &at::native::as_strided_tensorimpl);
  m.impl("view", &at::native::view);
  m.impl("_reshape_alias", &at::native::_reshape_alias);
  m.impl("unfold", &at::native::unfold);
  // Without these, compositions of other operators would answer, with other last bits than the CPU's kernels.
  for (const char* name : {"native_group_norm", "native_layer_norm", "silu_backward"})
    m.impl(name, torch::CppFunction::makeFromBoxedFunction<&on_host_memory>());
}

}  // namespace
}  // namespace alea::test
