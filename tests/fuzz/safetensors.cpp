#include "formats/safetensors.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace alea;
  return fuzz::read_or_refuse([&] {
    std::map<std::string, TensorSpan> tensors;
    std::map<std::string, std::string> metadata;
    parse_safetensors(fuzz::bytes_of(data, size), "fuzzed.safetensors", tensors, metadata);
    fuzz::touch(tensors);
  });
}
