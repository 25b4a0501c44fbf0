#pragma once

#include <c10/core/Allocator.h>

#include <span>
#include <vector>

namespace alea::test {

/// The test accelerator's allocator: pages of host memory that nobody may touch but its kernels (HostAccess). What is new or used
/// again is filled with ones, NaN as a floating-point number.
c10::Allocator* accelerator_allocator();

/// Lets this process read and write allocations of the accelerator while it lives; null pointers are passed over.
class HostAccess {
 public:
  explicit HostAccess(std::vector<const void*> allocations);
  ~HostAccess();
  HostAccess(const HostAccess&) = delete;
  HostAccess& operator=(const HostAccess&) = delete;

 private:
  std::vector<const void*> allocations_;
};

}  // namespace alea::test
