#pragma once

#include <c10/core/Device.h>

#include <cstdint>

namespace alea {

/// Bytes; 0: not known.
struct PeakMemory {
  std::uint64_t resident = 0;  ///< of the process
  std::uint64_t device = 0;    ///< of tensors on the device; 0 on the CPU
};

/// Waits until the device has done what it was asked.
void wait_for(at::Device device);

/// Peak memory since it was constructed. Memory that the process kept without using it is given back first.
class PeakMemoryWatch {
 public:
  explicit PeakMemoryWatch(at::Device device);
  PeakMemory peak() const;

 private:
  at::Device device_;
  bool resident_known_;
};

}  // namespace alea
