#pragma once

#include <cstdint>
#include <string>

#include "core/config.h"

namespace alea {

/// Config of a Laplace fit.
struct LaplaceFitOptions {
  std::string train = "laplace";
  std::string name;
  std::uint64_t seed = 0;
  Json model = Json::object();
  std::string data, array, labels;
  std::uint64_t images = 0;
  int micro_batch = 100;
  std::string curvature = "empirical_fisher";
  std::string prior = "fixed";
  double prior_precision = 1;
  std::uint64_t checkpoint_every = 2000;
};

template <>
struct Fields<LaplaceFitOptions> {
  static auto table() {
    using O = LaplaceFitOptions;
    return std::tuple{
        field("train", &O::train, "what is made").one_of({"laplace"}).required(),
        field("name", &O::name, "name of the file").required(),
        field("seed", &O::seed, "of the images chosen, their noises and times"),
        field("model", &O::model, "the denoiser whose last layer it is: {\"kind\": ...}, without guidance").required(),
        field("data", &O::data, "its training images: a folder, .npz, HDF5, CIFAR-10's binaries or a data set's name").required(),
        field("array", &O::array, "of npz and HDF5: name of the array, where it isn't the only one"),
        field("labels", &O::labels,
              "classes of the images: none = the set's own, folders (rank of the first folder's name), or an array of one number "
              "an image"),
        field("images", &O::images, "so many images, chosen by seed; 0: all").range(0, 1e12),
        field("micro_batch", &O::micro_batch, "rows a network call").range(1, 65536),
        field("curvature", &O::curvature, "diagonal of the empirical Fisher (as the released code) or of the Gauss-Newton matrix")
            .one_of({"empirical_fisher", "ggn"}),
        field("prior", &O::prior, "fixed: prior_precision; evidence: where the evidence has its maximum")
            .one_of({"fixed", "evidence"}),
        field("prior_precision", &O::prior_precision, "of each weight, about the trained ones").range(1e-12, 1e12),
        field("checkpoint_every", &O::checkpoint_every, "images between checkpoints").range(1, 1e12)};
  }
};

}  // namespace alea
