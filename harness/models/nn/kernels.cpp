#include "models/nn/kernels.h"

#include <atomic>
#include <cstdlib>
#include <string>

#include "core/error.h"

namespace alea::nn {
namespace {

bool asked_for_by_environment() {
  const char* value = std::getenv("ALEA_PORTABLE_KERNELS");
  const std::string text = value == nullptr ? "0" : value;
  if (text != "0" && text != "1") fail(ErrorCode::usage, "ALEA_PORTABLE_KERNELS=\"{}\": expected 1 or 0", text);
  return text == "1";
}

std::atomic<bool>& setting() {
  static std::atomic<bool> on{asked_for_by_environment()};
  return on;
}

}  // namespace

bool portable_kernels() { return setting(); }

bool takes_cpu_kernels(const at::Tensor& x) { return x.is_cpu() && !portable_kernels(); }

PortableKernels::PortableKernels(bool on) : before_(setting().exchange(on)) {}

PortableKernels::~PortableKernels() { setting() = before_; }

}  // namespace alea::nn
