#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/image_source.h"

namespace alea {

struct ReadImage {
  std::uint64_t id = 0;  ///< place in the source
  Picture picture;
  std::string error;  ///< why it can't be used; empty: it can
};

/// Images first..first+count-1, decoded on all threads that TBB has, in order. Only what is wrong with an image's content becomes
/// its `error`; that a file can't be opened stops the call (Error{io}).
std::vector<ReadImage> read_images(const ImageSource& source, std::uint64_t first, std::uint64_t count);

}  // namespace alea
