#pragma once

#include <string>
#include <vector>

#include "tests/support/process.h"

namespace alea::testing {

inline const std::string kSmokeConfig = ALEA_SOURCE_DIR "/protocols/configs/smoke.toy.json";

/// alea run on the toy config into `folder`, with further words.
inline std::vector<std::string> smoke(const fs::path& folder, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = {"run", kSmokeConfig, "--out", folder.string(), "--threads", "1"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// What the toy config makes undisturbed: computed once a test program.
inline const std::map<std::string, std::string>& undisturbed() {
  static const std::map<std::string, std::string> files = [] {
    const TemporaryFolder folder;
    const Ended ended = run_alea(smoke(folder / "run"));
    if (ended.status != 0) throw std::runtime_error("the toy run ends with " + std::to_string(ended.status) + ":\n" + ended.err);
    return result_files(folder / "run");
  }();
  return files;
}

}  // namespace alea::testing
