#include "run/device.h"

#include <ATen/Context.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <dlfcn.h>

#include <charconv>
#include <cstdlib>

#include "core/error.h"
#include "models/nn/kernels.h"
#include "models/placement.h"
#include "run/gpu_facts.h"

namespace alea {
namespace {

/// The same sums in the same order in every run, and float32 in full where float32 is said.
void set_numerics_of_cuda() {
  auto& context = at::globalContext();
  context.setAllowTF32CuBLAS(false);
  context.setAllowTF32CuDNN(false);
  context.setBenchmarkCuDNN(false);
  context.setDeterministicCuDNN(true);
  context.setDeterministicAlgorithms(true, /*warn_only=*/false);
  context.setDeterministicFillUninitializedMemory(false);
}

int count_gpus() {
  const bool there = at::hasCUDA() && c10::impl::hasDeviceGuardImpl(c10::kCUDA);
  return there ? c10::impl::getDeviceGuardImpl(c10::kCUDA)->deviceCount() : 0;
}

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

std::string Device::name() const { return kind == Kind::cpu ? "cpu" : fmt::format("cuda:{}", index); }

Device parse_device(std::string_view text) {
  if (text == "cpu") return {};
  if (text == "cuda") return {Device::Kind::cuda, 0};
  constexpr std::string_view kPrefix = "cuda:";
  if (text.starts_with(kPrefix)) {
    const auto digits = text.substr(kPrefix.size());
    int index = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (error == std::errc{} && end == digits.data() + digits.size() && index >= 0) return {Device::Kind::cuda, index};
  }
  fail(ErrorCode::usage, "--device \"{}\": expected cpu, cuda or cuda:K with K >= 0", text);
}

void require_device(const Device& device, int n_devices) {
  if (device.kind == Device::Kind::cpu || device.index < n_devices) return;
  if (n_devices <= 0)
    fail(ErrorCode::config,
         "--device {}: this machine has no NVIDIA GPU, or no driver that this CUDA can use (nvidia-smi says which); use --device "
         "cpu",
         device.name());
  fail(ErrorCode::config, "--device {}: this machine has {} GPU{}, so the last one is cuda:{}; or use --device cpu",
       device.name(), n_devices, n_devices == 1 ? "" : "s", n_devices - 1);
}

void open_device(const Device& device) {
  if (device.kind == Device::Kind::cpu) return;
  // cuBLAS is deterministic with a workspace of fixed size only, and reads this when it starts.
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/1);
  if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    const char* reason = dlerror();
    fail(ErrorCode::config,
         "--device {}: this libtorch has no CUDA ({}); install one with scripts/setup --cuda, or use --device cpu", device.name(),
         reason == nullptr ? "no reason given" : reason);
  }
  require_device(device, count_gpus());
  set_numerics_of_cuda();
}

Placement placement_on(const Device& device) {
  if (device.kind == Device::Kind::cpu) return {};
  return {.device = {at::kCUDA, static_cast<c10::DeviceIndex>(device.index)}};
}

Json numerics_of(const Device& device) {
  if (device.kind == Device::Kind::cpu) return {{"device", "cpu"}, {"kernels", nn::portable_kernels() ? "portable" : "fused"}};
  const GpuFacts gpu = gpu_facts(device.index);
  const auto& context = at::globalContext();
  return {{"device", "cuda"},
          {"gpu", or_null(gpu.name)},
          {"capability", or_null(gpu.capability)},
          {"cudnn", at::detail::getCUDAHooks().hasCuDNN() ? Json(context.versionCuDNN()) : Json()},
          {"tf32", context.allowTF32CuBLAS() || context.allowTF32CuDNN()},
          {"deterministic", context.deterministicAlgorithms() && context.deterministicCuDNN()}};
}

Json circumstances_of(const Device& device) {
  if (device.kind == Device::Kind::cpu) return {{"name", device.name()}};
  const GpuFacts gpu = gpu_facts(device.index);
  return {{"name", device.name()}, {"gpu", or_null(gpu.name)}, {"driver", or_null(gpu.driver)}};
}

}  // namespace alea
