#include <algorithm>

#include "core/error.h"
#include "formats/foreign_pictures.h"
#include "formats/png_session.h"

namespace alea {
namespace {

/// Of the file, before anything is converted.
struct Stored {
  int depth = 0, type = 0;
  bool has_key = false;  ///< a transparent colour or a palette with alpha
  std::uint64_t row_bytes = 0;
};

bool read_header(png::Session& session, Stored& stored) {
  if (setjmp(png_jmpbuf(session.png)) != 0) return false;
  png_read_info(session.png, session.info);
  stored.depth = png_get_bit_depth(session.png, session.info);
  stored.type = png_get_color_type(session.png, session.info);
  stored.has_key = png_get_valid(session.png, session.info, PNG_INFO_tRNS) != 0;
  stored.row_bytes = png_get_rowbytes(session.png, session.info);
  return true;
}

/// Every kind becomes 8-bit RGB, or RGBA where there is alpha. Values aren't touched by gamma.
bool ask_for_rgb(png::Session& session) {
  if (setjmp(png_jmpbuf(session.png)) != 0) return false;
  png_set_expand(session.png);
  png_set_scale_16(session.png);
  png_set_gray_to_rgb(session.png);
  png_set_interlace_handling(session.png);
  png_read_update_info(session.png, session.info);
  return true;
}

std::vector<std::string> notes_of(const Stored& stored) {
  std::vector<std::string> notes;
  if (stored.type == PNG_COLOR_TYPE_GRAY || stored.type == PNG_COLOR_TYPE_GRAY_ALPHA) notes.push_back("grey");
  if (stored.type == PNG_COLOR_TYPE_PALETTE) notes.push_back("palette");
  if (stored.depth == 16) notes.push_back("16-bit scaled to 8");
  return notes;
}

/// Drops alpha that hides nothing.
void drop_alpha(std::span<const std::uint8_t> rgba, DecodedImage& image, const std::string& source) {
  const std::size_t n = rgba.size() / 4;
  std::size_t hidden = 0;
  for (std::size_t i = 0; i < n; ++i) hidden += rgba[4 * i + 3] != 255;
  if (hidden > 0)
    fail(ErrorCode::data,
         "{}: expected opaque pixels, found {} of {} with alpha below 255; lay the picture on a background first", source, hidden,
         n);
  for (std::size_t i = 0; i < n; ++i)
    std::copy_n(rgba.begin() + std::ptrdiff_t(4 * i), 3, image.picture.pixels.begin() + std::ptrdiff_t(3 * i));
  image.notes.push_back("opaque alpha dropped");
}

}  // namespace

DecodedImage decode_foreign_png(std::span<const std::byte> file, const std::string& source) {
  png::Reader reader(file, source);
  Stored stored;
  if (!read_header(reader, stored)) png::fail_reading(reader, source);
  const std::uint64_t width = png_get_image_width(reader.png, reader.info),
                      height = png_get_image_height(reader.png, reader.info);
  png::check_size(reader, stored.row_bytes * height, source);
  if (width * height > png::kMaxPixelBytes / 4)
    fail(ErrorCode::data, "{}: a picture of {}x{} is too large", source, width, height);
  if (!ask_for_rgb(reader)) png::fail_reading(reader, source);

  const std::size_t channels = png_get_channels(reader.png, reader.info);
  ALEA_CHECK(channels == 3 || channels == 4, "{}: libpng gives {} channels", source, channels);
  std::vector<std::uint8_t> pixels(width * height * channels);
  for (std::uint64_t y = 0; y < height; ++y) reader.rows.push_back(pixels.data() + y * width * channels);
  if (!png::read_rows(reader)) png::fail_reading(reader, source);

  DecodedImage image{.picture = {static_cast<int>(width), static_cast<int>(height), 3, {}},
                     .format = "png",
                     .lossy = false,
                     .notes = notes_of(stored)};
  if (channels == 3) {
    image.picture.pixels = std::move(pixels);
  } else {
    image.picture.pixels.resize(width * height * 3);
    drop_alpha(pixels, image, source);
  }
  return image;
}

}  // namespace alea
