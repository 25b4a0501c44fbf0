#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace alea {

/// A file's bytes, memory-mapped for reading. Copies share the mapping; it is gone with the last of them. Error{io} when the file
/// can't be opened or isn't a regular one. An empty file is an empty span.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  std::span<const std::byte> bytes() const { return {mapping_.get(), size_}; }
  const std::filesystem::path& path() const { return path_; }

  /// Hands the memory behind `part` of bytes() back; it is read from the file again when it is touched again. Whoever copies a
  /// large file piece by piece calls it, so as not to hold two copies.
  void forget(std::span<const std::byte> part) const;

 private:
  std::filesystem::path path_;
  std::shared_ptr<const std::byte> mapping_;
  std::size_t size_ = 0;
};

}  // namespace alea
