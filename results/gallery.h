#pragma once

#include <filesystem>

#include "formats/png.h"
#include "hdf5/hdf5.h"

namespace alea {

/// The least and the most uncertain images, each above its uncertainty map, as one picture: two rows of n columns, the least
/// uncertain first, each image magnified to 256 pixels a side at most and four times at most, in whole steps. Maps are coloured
/// (viridis) by one range, from the smallest to the largest value of all maps shown, so that colours compare.
/// Reads from `arrays` (a protocol's curves hold them):
///   "gallery/least_images", "gallery/most_images"  uint8 [n, h, w, c], c = 1 or 3
///   "gallery/least_maps", "gallery/most_maps"      float32 [n, h, w, c], summed over channels; both may be absent
/// Error{shape} naming the array, expected and found.
Picture gallery_picture(const ArrayMap& arrays);

/// gallery_picture as a PNG file, written atomically.
void write_gallery(const std::filesystem::path& path, const ArrayMap& arrays);

}  // namespace alea
