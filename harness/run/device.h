#pragma once

#include <string>
#include <string_view>

namespace alea {

/// Where the network is evaluated.
struct Device {
  enum class Kind { cpu, cuda };
  Kind kind = Kind::cpu;
  int index = 0;
  std::string name() const;  ///< "cpu", "cuda:1"
};

/// "cpu", "cuda" or "cuda:K". Error{usage} for anything else.
Device parse_device(std::string_view text);

/// Makes the device usable. For CUDA that means opening libtorch's CUDA library, which must happen before the first at:: call:
/// one earlier look caches "no CUDA" for the life of the process. Error{config} when the library can't be opened, with the
/// loader's reason, and when the model can't be moved to the device.
void open_device(const Device& device);

}  // namespace alea
