#include "formats/torch_archive.h"

#include "tests/fuzz/fuzz.h"

/// Whole files: the zip container and the legacy one.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace alea;
  return fuzz::read_or_refuse([&] {
    std::map<std::string, TensorSpan> tensors;
    const auto owner = parse_torch_archive(fuzz::bytes_of(data, size), "fuzzed.pt", tensors);
    fuzz::touch(tensors);
  });
}
