#include "formats/png_session.h"

#include <algorithm>

#include "core/error.h"
#include "formats/gzip.h"

namespace alea::png {
namespace {

void on_read(png_structp png, png_bytep out, std::size_t size) {
  auto& session = *static_cast<Session*>(png_get_io_ptr(png));
  if (size > session.input.size() - session.consumed) png_error(png, "the file ends early; is it truncated?");
  std::copy_n(reinterpret_cast<const png_byte*>(session.input.data()) + session.consumed, size, out);
  session.consumed += size;
}

}  // namespace

void on_error(png_structp png, png_const_charp text) {
  static_cast<Session*>(png_get_error_ptr(png))->message = text;
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}  // about chunks that don't touch the pixels

Reader::Reader(std::span<const std::byte> file, const std::string& source) {
  input = file;
  png = png_create_read_struct(PNG_LIBPNG_VER_STRING, static_cast<Session*>(this), on_error, on_warning);
  info = png != nullptr ? png_create_info_struct(png) : nullptr;
  if (info == nullptr) {
    png_destroy_read_struct(&png, nullptr, nullptr);
    fail(ErrorCode::internal, "{}: libpng can't be started", source);
  }
  png_set_read_fn(png, static_cast<Session*>(this), on_read);
}

Reader::~Reader() { png_destroy_read_struct(&png, &info, nullptr); }

bool read_rows(Session& session) {
  if (setjmp(png_jmpbuf(session.png)) != 0) return false;
  png_read_image(session.png, session.rows.data());
  png_read_end(session.png, nullptr);
  return true;
}

void fail_reading(const Session& session, const std::string& source) {
  fail(ErrorCode::data, "{}: offset {}: not a sound PNG file: {}", source, session.consumed, session.message);
}

void check_size(const Session& session, std::uint64_t bytes, const std::string& source) {
  const std::uint64_t bound = std::min(kMaxPixelBytes, session.input.size() * kMaxDeflateRatio);
  if (bytes > bound)
    fail(ErrorCode::data, "{}: a picture of {}x{} expects {} bytes, found room for at most {}; is it truncated?", source,
         png_get_image_width(session.png, session.info), png_get_image_height(session.png, session.info), bytes, bound);
}

}  // namespace alea::png
