#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/image_source.h"
#include "formats/safetensors.h"  // DType

namespace alea {

/// Images that lie one after another in an array of bytes.
struct ArrayExtent {
  int height = 0, width = 0, channels = 0;  ///< channels 1 or 3
  bool planar = false;                      ///< [c, h, w] instead of [h, w, c]
  std::size_t skip = 0;                     ///< bytes before each image (CIFAR-10's label)
  bool operator==(const ArrayExtent&) const = default;
  std::size_t bytes() const { return skip + static_cast<std::size_t>(height) * width * channels; }
};

/// Of U8 [n, h, w, 1 or 3] or [n, h, w]; nothing for any other array.
std::optional<ArrayExtent> interleaved_extent(DType dtype, std::span<const std::uint64_t> shape);

/// The bytes of one part of a set, alive as long as `owner`.
struct ArrayPart {
  std::shared_ptr<const void> owner;
  std::span<const std::byte> bytes;
};

/// A part that is loaded when it is needed; the last few stay in memory. Other than count * extent.bytes() of it is Error{data}.
struct LazyPart {
  std::string name;
  std::uint64_t count = 0;
  std::function<ArrayPart()> load;
};

/// `what` is the source as the user wrote it, `kind` for the record. limit as in SourceOptions.
std::unique_ptr<ImageSource> make_array_source(std::string what, std::string kind, ArrayExtent extent,
                                               std::vector<LazyPart> parts, const SourceOptions& options);

}  // namespace alea
