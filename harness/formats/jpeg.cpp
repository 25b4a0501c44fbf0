// jpeglib.h needs size_t and FILE, and doesn't include them.
#include <csetjmp>
#include <cstddef>
#include <cstdio>
//
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>

#include "core/error.h"
#include "formats/exif.h"
#include "formats/foreign_pictures.h"

namespace alea {
namespace {

constexpr std::uint64_t kMaxPixels = std::uint64_t{1} << 29;
/// A progressive grey JPEG may spend one bit on a block of 64 pixels.
constexpr std::uint64_t kMaxPixelsPerByte = 64 * 8;

/// What libjpeg's callbacks work on; they jump back into a function without objects to destroy.
struct Session {
  jpeg_decompress_struct decoder{};
  jpeg_error_mgr errors{};
  jpeg_source_mgr input{};
  std::jmp_buf back{};
  std::span<const std::byte> file;
  char message[JMSG_LENGTH_MAX] = "";
  std::vector<std::uint8_t> pixels;
  std::size_t row_bytes = 0;

  std::size_t offset() const { return file.size() - input.bytes_in_buffer; }
};

Session& session_of(j_common_ptr common) { return *static_cast<Session*>(common->client_data); }

[[noreturn]] void on_error(j_common_ptr common) {
  Session& session = session_of(common);
  common->err->format_message(common, session.message);
  std::longjmp(session.back, 1);
}

/// Warnings about pixels that had to be made up are errors here; the others are about markers that don't touch them.
void on_message(j_common_ptr common, int level) {
  if (level >= 0) return;
  switch (common->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
      return;
    default:
      on_error(common);
  }
}

boolean on_end_of_input(j_decompress_ptr decoder) {
  Session& session = session_of(reinterpret_cast<j_common_ptr>(decoder));
  std::snprintf(session.message, sizeof(session.message), "the file ends early; is it truncated?");
  std::longjmp(session.back, 1);
}

void on_skip(j_decompress_ptr decoder, long count) {
  if (count <= 0) return;
  if (static_cast<std::size_t>(count) > decoder->src->bytes_in_buffer) on_end_of_input(decoder);
  decoder->src->next_input_byte += count;
  decoder->src->bytes_in_buffer -= static_cast<std::size_t>(count);
}

void on_start(j_decompress_ptr) {}

void open(Session& session) {
  session.decoder.err = jpeg_std_error(&session.errors);
  session.errors.error_exit = on_error;
  session.errors.emit_message = on_message;
  session.decoder.client_data = &session;
  jpeg_create_decompress(&session.decoder);
  session.input = {.next_input_byte = reinterpret_cast<const JOCTET*>(session.file.data()),
                   .bytes_in_buffer = session.file.size(),
                   .init_source = on_start,
                   .fill_input_buffer = on_end_of_input,
                   .skip_input_data = on_skip,
                   .resync_to_restart = jpeg_resync_to_restart,
                   .term_source = on_start};
  session.decoder.src = &session.input;
}

bool is_inky(const jpeg_decompress_struct& decoder) {
  return decoder.jpeg_color_space == JCS_CMYK || decoder.jpeg_color_space == JCS_YCCK;
}

bool read_header(Session& session) {
  if (setjmp(session.back) != 0) return false;
  open(session);
  jpeg_save_markers(&session.decoder, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&session.decoder, TRUE);
  session.decoder.out_color_space = is_inky(session.decoder) ? JCS_CMYK : JCS_RGB;
  jpeg_calc_output_dimensions(&session.decoder);
  return true;
}

bool read_rows(Session& session) {
  if (setjmp(session.back) != 0) return false;
  jpeg_start_decompress(&session.decoder);
  while (session.decoder.output_scanline < session.decoder.output_height) {
    JSAMPROW row = session.pixels.data() + session.decoder.output_scanline * session.row_bytes;
    jpeg_read_scanlines(&session.decoder, &row, 1);
  }
  jpeg_finish_decompress(&session.decoder);
  return true;
}

struct Closing {
  Session& session;
  ~Closing() { jpeg_destroy_decompress(&session.decoder); }
};

[[noreturn]] void fail_reading(const Session& session, const std::string& source) {
  fail(ErrorCode::data, "{}: offset {}: not a sound JPEG file: {}", source, session.offset(), session.message);
}

/// a*b/255, rounded, as PIL computes it.
int multiply_255(int a, int b) {
  const int product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

/// Ink on white. Files store 255 - ink, Adobe's custom; PIL and so the peers take it for every file, with or without its marker.
std::vector<std::uint8_t> rgb_of_inks(std::span<const std::uint8_t> stored) {
  std::vector<std::uint8_t> rgb(stored.size() / 4 * 3);
  for (std::size_t i = 0; i < stored.size() / 4; ++i) {
    const int light = stored[4 * i + 3];
    for (std::size_t c = 0; c < 3; ++c)
      rgb[3 * i + c] = static_cast<std::uint8_t>(std::max(0, light - multiply_255(255 - stored[4 * i + c], light)));
  }
  return rgb;
}

std::vector<std::string> notes_of(const jpeg_decompress_struct& decoder) {
  std::vector<std::string> notes;
  if (decoder.jpeg_color_space == JCS_GRAYSCALE) notes.push_back("grey");
  if (is_inky(decoder)) notes.push_back("cmyk");
  for (auto* marker = decoder.marker_list; marker != nullptr; marker = marker->next) {
    const int orientation = exif_orientation(std::as_bytes(std::span(marker->data, marker->data_length)));
    if (orientation > 1) notes.push_back(fmt::format("exif orientation {} ignored", orientation));
  }
  return notes;
}

}  // namespace

DecodedImage decode_jpeg(std::span<const std::byte> file, const std::string& source) {
  Session session;
  session.file = file;
  const Closing closing{session};
  if (!read_header(session)) fail_reading(session, source);
  const std::uint64_t width = session.decoder.output_width, height = session.decoder.output_height;
  if (width * height > std::min(kMaxPixels, file.size() * kMaxPixelsPerByte))
    fail(ErrorCode::data, "{}: a picture of {}x{} in {} bytes; is it truncated?", source, width, height, file.size());
  session.row_bytes = width * (is_inky(session.decoder) ? 4 : 3);
  session.pixels.resize(session.row_bytes * height);
  auto notes = notes_of(session.decoder);  // the markers are gone once the rows are read
  if (!read_rows(session)) fail_reading(session, source);

  DecodedImage image{.picture = {static_cast<int>(width), static_cast<int>(height), 3, std::move(session.pixels)},
                     .format = "jpeg",
                     .lossy = true,
                     .notes = std::move(notes)};
  if (is_inky(session.decoder)) image.picture.pixels = rgb_of_inks(image.picture.pixels);
  return image;
}

}  // namespace alea
