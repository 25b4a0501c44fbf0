#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace alea {

/// 8-bit picture, row-major, channels interleaved (1 = grey, 3 = RGB).
struct Picture {
  int width = 0, height = 0, channels = 1;
  std::vector<std::uint8_t> pixels;
};

/// Written atomically; deterministic for equal pictures (no time stamp). Error{shape} where sizes and pixels disagree.
void write_png(const std::filesystem::path& path, const Picture& picture);
/// 8-bit grey or RGB without transparency, its values as stored (no gamma); Error{data} otherwise, naming expected and found.
Picture read_png(const std::filesystem::path& path);
/// The same on a file's bytes in memory; `source` is named in errors.
Picture decode_png(std::span<const std::byte> file, const std::string& source);

// Grids and maps for people. Error{shape} for sizes that disagree, Error{domain} for a number that makes no picture.

Picture magnify(const Picture& picture, int factor);  ///< nearest neighbour
/// Row by row, `gap` pixels of background between the cells. All of one width and height; RGB if any of them is.
Picture tile(std::span<const Picture> pictures, int columns, int gap, std::uint8_t background = 255);
/// Viridis, RGB: `low` and below is its dark end, `high` and above its bright end; a value that isn't finite is red.
Picture colour_map(std::span<const float> values, int width, int height, float low, float high);

}  // namespace alea
