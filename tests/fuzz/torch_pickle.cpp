#include <algorithm>
#include <array>

#include "formats/torch_archive.h"
#include "formats/zip.h"
#include "tests/fuzz/fuzz.h"

/// The input is the pickle of a zip archive whose storages 0 to 3 are there: no checksum stands between a changed byte and the
/// machine that runs it. The storages hold zeros alone, so that any other byte of a tensor is somebody else's.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace alea;
  static const std::array<std::byte, 64> numbers{};
  const std::span<const std::byte> storage(numbers);
  const std::array<ZipMember, 6> members{{{"a/data.pkl", {fuzz::bytes_of(data, size)}},
                                          {"a/byteorder", {std::as_bytes(std::span("little", 6))}},
                                          {"a/data/0", {storage}},
                                          {"a/data/1", {storage.first(24)}},
                                          {"a/data/2", {storage.first(8)}},
                                          {"a/data/3", {}}}};
  const Bytes file = make_zip(members, /*deflate=*/false);
  return fuzz::read_or_refuse([&] {
    std::map<std::string, TensorSpan> tensors;
    const auto owner = parse_torch_archive(file, "fuzzed.pt", tensors);
    for (const auto& [name, tensor] : tensors)
      if (!std::all_of(tensor.bytes.begin(), tensor.bytes.end(), [](std::byte b) { return b == std::byte{0}; })) std::abort();
  });
}
