#include "run/gpu_facts.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>

namespace alea {
namespace {

constexpr int kCapabilityMajor = 75, kCapabilityMinor = 76;  // CUdevice_attribute

/// Functions of the driver's interface by name: int is CUresult, 0 is success.
class Driver {
 public:
  Driver() : library_(dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL)) {
    usable_ = library_ != nullptr && call<unsigned>("cuInit", 0u);
  }

  bool usable() const { return usable_; }

  template <class... Parameters>
  bool call(const char* name, Parameters... parameters) const {
    auto* const function = reinterpret_cast<int (*)(Parameters...)>(dlsym(library_, name));
    return function != nullptr && function(parameters...) == 0;
  }

 private:
  void* library_;  // open for the life of the process, as torch has it
  bool usable_ = false;
};

}  // namespace

GpuFacts gpu_facts(int index) {
  const Driver driver;
  GpuFacts facts;
  int version = 0, device = 0, major = 0, minor = 0;
  std::array<char, 256> name{};
  if (!driver.usable()) return facts;
  if (driver.call("cuDriverGetVersion", &version)) facts.driver = fmt::format("{}.{}", version / 1000, version % 1000 / 10);
  if (!driver.call("cuDeviceGet", &device, index)) return facts;
  if (driver.call("cuDeviceGetName", name.data(), static_cast<int>(name.size()), device)) facts.name = name.data();
  if (driver.call("cuDeviceGetAttribute", &major, kCapabilityMajor, device) &&
      driver.call("cuDeviceGetAttribute", &minor, kCapabilityMinor, device))
    facts.capability = fmt::format("{}.{}", major, minor);
  return facts;
}

}  // namespace alea
