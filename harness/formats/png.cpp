#include "formats/png.h"

#include <new>

#include "core/error.h"
#include "core/files.h"
#include "formats/png_session.h"

namespace alea {
namespace {

using png::Reader;
using png::Session;

constexpr int kCompressionLevel = 6;

void on_write(png_structp png, png_bytep bytes, std::size_t size) {
  auto& session = *static_cast<Session*>(png_get_io_ptr(png));
  bool stored = true;
  try {
    const auto* first = reinterpret_cast<const std::byte*>(bytes);
    session.output.insert(session.output.end(), first, first + size);
  } catch (const std::bad_alloc&) {
    stored = false;
  }
  if (!stored) png_error(png, "out of memory");
}

void on_flush(png_structp) {}

struct Writer : Session {
  Writer() {
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, static_cast<Session*>(this), png::on_error, png::on_warning);
    info = png != nullptr ? png_create_info_struct(png) : nullptr;
    if (png != nullptr) png_set_write_fn(png, static_cast<Session*>(this), on_write, on_flush);
  }
  ~Writer() { png_destroy_write_struct(&png, &info); }
  Writer(const Writer&) = delete;
};

bool read_header(Session& session) {
  if (setjmp(png_jmpbuf(session.png)) != 0) return false;
  png_read_info(session.png, session.info);
  png_set_interlace_handling(session.png);
  png_read_update_info(session.png, session.info);
  return true;
}

bool write_all(Session& session, const Picture& picture) {
  if (setjmp(png_jmpbuf(session.png)) != 0) return false;
  png_set_compression_level(session.png, kCompressionLevel);
  png_set_IHDR(session.png, session.info, static_cast<png_uint_32>(picture.width), static_cast<png_uint_32>(picture.height), 8,
               picture.channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(session.png, session.info);
  png_write_image(session.png, session.rows.data());
  png_write_end(session.png, nullptr);
  return true;
}

std::size_t row_bytes(const Picture& picture) { return static_cast<std::size_t>(picture.width) * picture.channels; }

std::vector<png_bytep> row_pointers(const Picture& picture) {
  std::vector<png_bytep> rows(picture.height);
  for (int y = 0; y < picture.height; ++y) rows[y] = const_cast<png_bytep>(picture.pixels.data()) + y * row_bytes(picture);
  return rows;
}

/// Takes memory only after the header has been held against what the file can contain.
Picture empty_picture(const Session& session, const std::string& source) {
  const int depth = png_get_bit_depth(session.png, session.info);
  const int type = png_get_color_type(session.png, session.info);
  const bool transparent = png_get_valid(session.png, session.info, PNG_INFO_tRNS) != 0;
  if (depth != 8 || (type != PNG_COLOR_TYPE_GRAY && type != PNG_COLOR_TYPE_RGB) || transparent)
    fail(ErrorCode::data,
         "{}: expected 8-bit grey (colour type 0) or RGB (2) without transparency, found {}-bit of colour type {}{}", source,
         depth, type, transparent ? " with transparency" : "");
  Picture picture;
  picture.width = static_cast<int>(png_get_image_width(session.png, session.info));
  picture.height = static_cast<int>(png_get_image_height(session.png, session.info));
  picture.channels = type == PNG_COLOR_TYPE_RGB ? 3 : 1;
  const std::uint64_t bytes = std::uint64_t{row_bytes(picture)} * picture.height;
  png::check_size(session, bytes, source);
  picture.pixels.resize(bytes);
  return picture;
}

void check_picture(const Picture& picture, const std::string& source) {
  if (picture.width < 1 || picture.height < 1 || (picture.channels != 1 && picture.channels != 3))
    fail(ErrorCode::shape, "{}: expected a picture of at least 1x1 with 1 or 3 channels, found {}x{} with {}", source,
         picture.width, picture.height, picture.channels);
  if (picture.pixels.size() != row_bytes(picture) * picture.height)
    fail(ErrorCode::shape, "{}: a {}x{} picture with {} channels expects {} bytes, found {}", source, picture.width,
         picture.height, picture.channels, row_bytes(picture) * picture.height, picture.pixels.size());
}

}  // namespace

Picture decode_png(std::span<const std::byte> file, const std::string& source) {
  Reader reader(file, source);
  if (!read_header(reader)) png::fail_reading(reader, source);
  Picture picture = empty_picture(reader, source);
  reader.rows = row_pointers(picture);
  if (!png::read_rows(reader)) png::fail_reading(reader, source);
  return picture;
}

Picture read_png(const fs::path& path) { return decode_png(read_file(path), path.string()); }

void write_png(const fs::path& path, const Picture& picture) {
  check_picture(picture, path.string());
  Writer writer;
  if (writer.info == nullptr) fail(ErrorCode::internal, "{}: libpng can't be started", path.string());
  writer.rows = row_pointers(picture);
  if (!write_all(writer, picture)) fail(ErrorCode::internal, "{}: libpng: {}", path.string(), writer.message);
  atomic_write(path, std::span<const std::byte>(writer.output));
}

}  // namespace alea
