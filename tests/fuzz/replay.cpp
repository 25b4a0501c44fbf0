#include <algorithm>
#include <vector>

#include "core/files.h"
#include "tests/fuzz/fuzz.h"

/// Runs a target over the files of folders, without a fuzzer: FOLDER...
int main(int argc, char** argv) {
  std::vector<alea::fs::path> paths;
  for (int i = 1; i < argc; ++i)
    for (const auto& entry : alea::fs::directory_iterator(argv[i])) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    std::printf("%s\n", path.c_str());
    std::fflush(stdout);  // the last line names the file that ended the program
    const alea::Bytes bytes = alea::read_file(path);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  return paths.empty() ? 1 : 0;
}
