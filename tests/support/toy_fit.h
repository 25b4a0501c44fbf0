#pragma once

#include <ATen/ops/full.h>

#include "tests/support/process.h"
#include "uncertainty/laplace.h"

namespace alea::test {

/// A Laplace fit of a toy's identity layer with equal curvatures everywhere and prior precision 1, in a file.
class ToyFit {
 public:
  ToyFit(int channels, double weight_curvature, double bias_curvature, const std::string& weights_sha256 = "") {
    save_laplace_fit(path(), {.weight_curvature = at::full({channels, channels, 1, 1}, weight_curvature, at::kFloat),
                              .bias_curvature = at::full({channels}, bias_curvature, at::kFloat),
                              .facts = {{"weights_sha256", weights_sha256}}});
  }
  std::string path() const { return (folder_ / "toy.safetensors").string(); }

 private:
  testing::TemporaryFolder folder_;
};

}  // namespace alea::test
