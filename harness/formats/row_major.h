#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/files.h"

namespace alea {

/// The elements of a strided view one after another in row-major order. Offset and strides count elements; that all of them lie
/// in `storage` is for the caller to check.
Bytes gather_row_major(std::span<const std::byte> storage, std::uint64_t offset, std::span<const std::int64_t> shape,
                       std::span<const std::int64_t> strides, std::size_t item_bytes);

/// Reverses the bytes of each item in place.
void swap_byte_order(std::span<std::byte> bytes, std::size_t item_bytes);

}  // namespace alea
