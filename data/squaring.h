#pragma once

#include "formats/png.h"

namespace alea {

/// How pictures of mixed sizes become size x size.
enum class Squaring {
  centre_crop,  ///< guided-diffusion's center_crop_arr: halved by box while the shorter side is at least 2 x size, bicubic to a
                ///< shorter side of size, middle cut out
  box_squash    ///< all of the picture by PIL's box filter, its aspect lost: downsampled ImageNet (arXiv:1707.08819)
};

/// To the bit what PIL and NumPy make of an RGB picture.
Picture make_square(const Picture& picture, int size, Squaring how);

const char* squaring_name(Squaring how);  ///< "centre_crop", "box_squash"

}  // namespace alea
