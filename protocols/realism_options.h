#pragma once

#include <cstdint>
#include <string>

#include "core/config.h"

namespace alea {

/// The realism of images (arXiv:1904.06991 eq. 3) as a score: larger = closer to real ones, seen by a feature network.
struct RealismOptions {
  std::string network = "fmnist_residual";
  std::string real;
  std::uint32_t k = 3;
};

template <>
struct Fields<RealismOptions> {
  static auto table() {
    using O = RealismOptions;
    return std::tuple{
        field("network", &O::network,
              "feature network, better another than that of the metric: in its own features the score is labelled and in no "
              "ranking"),
        field("real", &O::real, "real images, as alea metrics --real takes them, such as fashion-mnist/test").required(),
        field("k", &O::k, "a real image's ball reaches to its k-th neighbour").range(1, 1000)};
  }
};

}  // namespace alea
