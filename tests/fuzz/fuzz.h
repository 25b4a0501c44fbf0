#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <span>
#include <string>

#include "core/error.h"
#include "formats/safetensors.h"

/// One target a file; libFuzzer or replay.cpp calls it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace alea::fuzz {

inline std::span<const std::byte> bytes_of(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

/// Reads every byte, so that a sanitizer sees a span that leaves its memory.
inline void touch(std::span<const std::byte> bytes) {
  unsigned sum = 0;
  for (const std::byte b : bytes) sum += std::to_integer<unsigned>(b);
  volatile unsigned seen = sum;
  static_cast<void>(seen);
}

inline void touch(const std::map<std::string, TensorSpan>& tensors) {
  for (const auto& [name, tensor] : tensors) touch(tensor.bytes);
}

/// What a reader owes to a hostile file is Error{data} of bounded length; any other exception ends the program.
template <class Read>
int read_or_refuse(Read read) {
  constexpr std::size_t kLongest = 2000;
  try {
    read();
  } catch (const Error& error) {
    const bool is_refusal = error.code() == ErrorCode::data && std::string_view(error.what()).size() <= kLongest;
    if (is_refusal) return 0;
    std::fprintf(stderr, "expected Error{data} of at most %zu characters, found: %s\n", kLongest, error.what());
    std::abort();
  }
  return 0;
}

}  // namespace alea::fuzz
