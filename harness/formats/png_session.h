#pragma once

// What png.cpp and png_foreign.cpp share; nothing for others.

#include <png.h>

#include <csetjmp>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/files.h"

namespace alea::png {

inline constexpr std::uint64_t kMaxPixelBytes = std::uint64_t{1} << 31;

/// What libpng's callbacks work on. They leave a message and jump back into a function without objects to destroy.
struct Session {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::string message;
  std::span<const std::byte> input;
  std::size_t consumed = 0;
  Bytes output;
  std::vector<png_bytep> rows;
};

void on_error(png_structp png, png_const_charp text);
void on_warning(png_structp png, png_const_charp text);

struct Reader : Session {
  explicit Reader(std::span<const std::byte> file, const std::string& source);  ///< Error{internal} when libpng can't be started
  ~Reader();
  Reader(const Reader&) = delete;
};

/// All rows into session.rows, then the rest of the file. False with a message when the file isn't sound.
bool read_rows(Session& session);

[[noreturn]] void fail_reading(const Session& session, const std::string& source);

/// Error{data} when `bytes` of unpacked rows can't come out of the file.
void check_size(const Session& session, std::uint64_t bytes, const std::string& source);

}  // namespace alea::png
