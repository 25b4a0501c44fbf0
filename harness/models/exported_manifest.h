#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/manifest.h"

namespace alea {

/// What an exported module can't say of itself; a JSON file beside it. The module is called as
/// forward(x [B, C, H, W], t [B] [, labels [B] int64] [, conditioning [B, ...]]), all float32 but the labels.
struct ExportedManifest {
  std::string module;  ///< file name, relative to the manifest: TorchScript, or a .pt2 package
  std::string sha256;
  std::vector<int> shape;  ///< [C, H, W] of the network's space
  Json schedule = Json::object();
  std::string prediction = "eps";          ///< of what: eps, x0, v, flow
  double time_scale = 1, time_offset = 0;  ///< the module's t is scale * t + offset of the schedule's
  bool learned_variance = false;           ///< the answer has 2C channels, the second half v of arXiv:2102.09672
  int n_classes = 0;
  std::optional<std::int64_t> null_label;  ///< of classifier-free guidance
  std::string conditioning;                ///< array of a tensor for each id, relative to the manifest
  std::string null_conditioning;           ///< array [1, ...] that stands for none
  int fold = 1;
  std::string about;
};

template <>
struct Fields<ExportedManifest> {
  static auto table() {
    using M = ExportedManifest;
    return std::tuple{
        field("module", &M::module, "file name, relative to the manifest").required(),
        field("sha256", &M::sha256, "of the module").required(),
        field("shape", &M::shape, "[channels, height, width] of the network's space").required(),
        field("schedule", &M::schedule, "noise schedule of training").required(),
        field("prediction", &M::prediction, "what the module predicts").one_of({"eps", "x0", "v", "flow"}),
        field("time_scale", &M::time_scale, "the module's t is time_scale * t + time_offset"),
        field("time_offset", &M::time_offset, "the module's t is time_scale * t + time_offset"),
        field("learned_variance", &M::learned_variance, "the answer's second half of channels is a learned variance"),
        field("n_classes", &M::n_classes, "classes that labels may be drawn from; 0: no labels").range(0, 1 << 24),
        field("null_label", &M::null_label, "label of no class, for classifier-free guidance"),
        field("conditioning", &M::conditioning, "FILE[:ARRAY] of [n, ...], a tensor for each id"),
        field("null_conditioning", &M::null_conditioning, "FILE[:ARRAY] of [1, ...], for classifier-free guidance"),
        field("fold", &M::fold, "images are folded fold x fold into channels").range(1, 16),
        field("about", &M::about, "for people")};
  }
};

}  // namespace alea
