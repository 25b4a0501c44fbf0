#pragma once

#include <malloc.h>

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>

namespace alea::test {

/// How much more memory than now the process has held at most since: the kernel's high-water mark, set back to the present.
class PeakMemory {
 public:
  PeakMemory() {
    malloc_trim(0);  // what earlier work left in the heap would hide what is taken anew
    std::ofstream reset("/proc/self/clear_refs");
    if (!(reset << "5" << std::flush)) throw std::runtime_error("/proc/self/clear_refs: can't be written");
    before_ = status("VmRSS:");
  }
  std::int64_t bytes() const { return status("VmHWM:") - before_; }

 private:
  static std::int64_t status(const std::string& key) {
    std::ifstream file("/proc/self/status");
    for (std::string word; file >> word;)
      if (word == key) {
        std::int64_t kib = 0;
        file >> kib;
        return kib * 1024;
      }
    throw std::runtime_error("/proc/self/status: no " + key);
  }
  std::int64_t before_ = 0;
};

}  // namespace alea::test
