#include "formats/npy.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace alea;

void read_each_way(const NpzFile& file, const std::string& name) {
  const NpyArray array = file.read(name);
  fuzz::touch(array.bytes);
  fuzz::touch(file.mapped(name));
  if (!array.shape.empty() && array.shape[0] > 0 && !file.header(name).fortran_order) {
    auto rows = file.rows(name);
    Bytes row(rows.row_bytes());
    rows.read(row);
    rows.skip(array.shape[0] - 1);
  }
  as_doubles(array);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::read_or_refuse([&] {
    const NpzFile file(fuzz::bytes_of(data, size), "fuzzed.npz");
    for (const auto& name : file.names()) fuzz::read_or_refuse([&] { read_each_way(file, name); });
  });
}
