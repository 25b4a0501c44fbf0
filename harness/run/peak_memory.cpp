#include "run/peak_memory.h"

#include <ATen/DeviceAccelerator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <malloc.h>

#include <fstream>

#include "core/provenance.h"

namespace alea {
namespace {

/// Linux: the peak becomes what is resident now. Not everywhere allowed.
bool reset_resident_peak() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  return file.good();
}

/// Null for the CPU, and for a device without an allocator that counts.
c10::DeviceAllocator* counting_allocator(at::Device device) {
  return device.is_cpu() ? nullptr : dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(device.type()));
}

}  // namespace

void wait_for(at::Device device) {
  if (device.is_cuda()) at::accelerator::synchronizeDevice(device.index());
}

PeakMemoryWatch::PeakMemoryWatch(at::Device device) : device_(device) {
  malloc_trim(0);
  resident_known_ = reset_resident_peak();
  if (auto* allocator = counting_allocator(device)) allocator->resetPeakStats(device.index());
}

PeakMemory PeakMemoryWatch::peak() const {
  PeakMemory out;
  if (resident_known_) out.resident = peak_memory_bytes();
  constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  if (auto* allocator = counting_allocator(device_))
    out.device = static_cast<std::uint64_t>(allocator->getDeviceStats(device_.index()).allocated_bytes[kAll].peak);
  return out;
}

}  // namespace alea
