#include "run/device.h"

#include <dlfcn.h>

#include <charconv>

#include "core/error.h"

namespace alea {

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

void open_device(const Device& device) {
  if (device.kind == Device::Kind::cpu) return;
  if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    const char* reason = dlerror();
    fail(ErrorCode::config,
         "--device {}: this libtorch has no CUDA ({}); install one with scripts/setup --cuda, or use --device cpu", device.name(),
         reason == nullptr ? "no reason given" : reason);
  }
  fail(ErrorCode::config, "--device {}: the networks of this version run on the CPU; use --device cpu", device.name());
}

}  // namespace alea
