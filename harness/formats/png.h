#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace alea {

/// 8-bit picture, row-major, channels interleaved (1 = grey, 3 = RGB).
struct Picture {
  int width = 0, height = 0, channels = 1;
  std::vector<std::uint8_t> pixels;
};

/// Written atomically; deterministic for equal pictures (no time stamp).
void write_png(const std::filesystem::path& path, const Picture& picture);
Picture read_png(const std::filesystem::path& path);  ///< 8-bit grey or RGB only; Error{data} otherwise

/// Grids and maps for people.
Picture magnify(const Picture& picture, int factor);                                  ///< nearest neighbour
Picture tile(std::span<const Picture> pictures, int columns, int gap, std::uint8_t background = 255);
Picture colour_map(std::span<const float> values, int width, int height, float low, float high);  ///< viridis, RGB

}  // namespace alea
