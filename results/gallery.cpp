#include "results/gallery.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "core/error.h"

namespace alea {
namespace {

constexpr int kLargestMagnification = 4, kCellSide = 256;
constexpr int kGap = 8;

struct Frames {
  int n = 0, height = 0, width = 0, channels = 0;
  std::size_t pixels() const { return static_cast<std::size_t>(height) * width; }
};

const Array& array_of(const ArrayMap& arrays, const std::string& name, DType dtype) {
  const auto it = arrays.find(name);
  if (it == arrays.end()) fail(ErrorCode::shape, "the gallery needs the array \"{}\"", name);
  const Array& array = it->second;
  if (array.dtype != dtype || array.shape.size() != 4 || (array.shape[3] != 1 && array.shape[3] != 3))
    fail(ErrorCode::shape, "{}: expected {} [n, h, w, 1 or 3], found {} [{}]", name, dtype_name(dtype), dtype_name(array.dtype),
         fmt::join(array.shape, ", "));
  return array;
}

Frames frames_of(const Array& array) {
  return {static_cast<int>(array.shape[0]), static_cast<int>(array.shape[1]), static_cast<int>(array.shape[2]),
          static_cast<int>(array.shape[3])};
}

/// Four times, or less where eight images in a row would be too large to look at.
int magnification_of(const Frames& frames) {
  const int fits = kCellSide / std::max({frames.height, frames.width, 1});
  return fits >= kLargestMagnification ? kLargestMagnification : std::max(fits, 1);
}

Picture rgb_picture(const Array& images, int index) {
  const Frames frames = frames_of(images);
  const auto bytes =
      images.as<std::uint8_t>().subspan(index * frames.pixels() * frames.channels, frames.pixels() * frames.channels);
  Picture out{frames.width, frames.height, 3, {}};
  out.pixels.reserve(frames.pixels() * 3);
  for (std::size_t p = 0; p < frames.pixels(); ++p)
    for (int c = 0; c < 3; ++c) out.pixels.push_back(bytes[p * frames.channels + std::min(c, frames.channels - 1)]);
  return magnify(out, magnification_of(frames));
}

std::vector<float> summed_over_channels(const Array& maps) {
  const int channels = frames_of(maps).channels;
  const auto values = maps.as<float>();
  std::vector<float> out(values.size() / channels, 0.0f);
  for (std::size_t i = 0; i < values.size(); ++i) out[i / channels] += values[i];
  return out;
}

/// One cell: the image, and below it the map where there is one.
Picture cell(const Picture& image, const Picture* map) {
  if (map == nullptr) return image;
  const std::array<Picture, 2> stack = {image, *map};
  return tile(stack, 1, kGap / 4);
}

struct Range {
  float low = 0, high = 1;
};

Range common_range(const std::vector<float>& a, const std::vector<float>& b) {
  const auto [a_low, a_high] = std::minmax_element(a.begin(), a.end());
  const auto [b_low, b_high] = std::minmax_element(b.begin(), b.end());
  return {std::min(*a_low, *b_low), std::max(*a_high, *b_high)};
}

void append_row(std::vector<Picture>& cells, const Array& images, const std::vector<float>& maps, Range range) {
  const Frames frames = frames_of(images);
  for (int i = 0; i < frames.n; ++i) {
    const Picture image = rgb_picture(images, i);
    if (maps.empty()) {
      cells.push_back(image);
      continue;
    }
    const std::span<const float> map = std::span(maps).subspan(i * frames.pixels(), frames.pixels());
    const Picture coloured =
        magnify(colour_map(map, frames.width, frames.height, range.low, range.high), magnification_of(frames));
    cells.push_back(cell(image, &coloured));
  }
}

std::vector<float> maps_of(const ArrayMap& arrays, const std::string& name, const Array& images) {
  const Array& maps = array_of(arrays, name, DType::f32);
  if (!std::equal(maps.shape.begin(), maps.shape.begin() + 3, images.shape.begin()))
    fail(ErrorCode::shape, "{}: expected [{}] as the images have it, found [{}]", name, fmt::join(images.shape, ", "),
         fmt::join(maps.shape, ", "));
  return summed_over_channels(maps);
}

}  // namespace

Picture gallery_picture(const ArrayMap& arrays) {
  const Array& least = array_of(arrays, "gallery/least_images", DType::u8);
  const Array& most = array_of(arrays, "gallery/most_images", DType::u8);
  if (least.shape != most.shape || least.elements() == 0)
    fail(ErrorCode::shape, "gallery/most_images: expected [{}] as the least uncertain have it, found [{}]",
         fmt::join(least.shape, ", "), fmt::join(most.shape, ", "));
  std::vector<float> least_maps, most_maps;
  Range range;
  if (arrays.contains("gallery/least_maps")) {
    least_maps = maps_of(arrays, "gallery/least_maps", least);
    most_maps = maps_of(arrays, "gallery/most_maps", most);
    range = common_range(least_maps, most_maps);
  }
  std::vector<Picture> cells;
  append_row(cells, least, least_maps, range);
  append_row(cells, most, most_maps, range);
  return tile(cells, frames_of(least).n, kGap);
}

void write_gallery(const std::filesystem::path& path, const ArrayMap& arrays) { write_png(path, gallery_picture(arrays)); }

}  // namespace alea
