#pragma once

#include "fake_run.h"

namespace alea {

/// A FakeRun with an arm of equal cost, whose images are all good, or all bad.
struct WithArm : FakeRun {
  explicit WithArm(const std::string& name) : FakeRun(name) {
    config["equal_cost"] = true;
    config["sampler"]["spacing"] = "linspace";
    write_reference();
  }
  bool arm_is_bad = false;

  std::uint64_t images_of(const BlockRange& range) const {
    const std::uint64_t keep = config.at("keep");
    return std::min<std::uint64_t>(keep - std::min(keep, range.first), range.count);
  }
  std::vector<std::uint8_t> arm_image(std::uint64_t place) const { return image(5000 + place, arm_is_bad, 1); }

  void add_arrays(const BlockRange& range, ArrayMap& out) const override {
    std::vector<std::uint8_t> images, finite(images_of(range), 1);
    for (std::uint64_t i = 0; i < images_of(range); ++i)
      for (const std::uint8_t v : arm_image(range.first + i)) images.push_back(v);
    out["equal_cost/images"] = make_array<std::uint8_t>(images, {images_of(range), kSide, kSide, 1});
    out["equal_cost/finite"] = make_array<std::uint8_t>(finite, {images_of(range)});
  }
  void add_features(const BlockRange& range, ArrayMap& out) const override {
    std::vector<float> features;
    for (std::uint64_t i = 0; i < images_of(range); ++i)
      for (const float v : features_of(arm_image(range.first + i))) features.push_back(v);
    out["equal_cost/features"] = make_array<float>(features, {images_of(range), kPixels});
  }
};

}  // namespace alea
