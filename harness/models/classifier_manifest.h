#pragma once

#include "core/config.h"

namespace alea {

/// The manifest beside a classifier's weights.
struct ClassifierManifest {
  Json architecture = Json::object();
  std::vector<int> input;  ///< [channels, height, width]
  std::string weights;     ///< file name, relative to the manifest
  std::string sha256;      ///< of the weights
  int micro_batch = 100;   ///< images a call
  double test_accuracy = 0;
  std::string about;
};

template <>
struct Fields<ClassifierManifest> {
  static auto table() {
    using M = ClassifierManifest;
    return std::tuple{field("architecture", &M::architecture, "options of the classifier").required(),
                      field("input", &M::input, "[channels, height, width] of an image").required(),
                      field("weights", &M::weights, "file name, relative to the manifest").required(),
                      field("sha256", &M::sha256, "of the weights").required(),
                      field("micro_batch", &M::micro_batch, "images a call").range(1, 4096),
                      field("test_accuracy", &M::test_accuracy, "on the named test set").range(0, 1),
                      field("about", &M::about, "for people")};
  }
};

}  // namespace alea
