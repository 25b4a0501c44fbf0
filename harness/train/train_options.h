#pragma once

#include "models/manifest.h"
#include "models/nn/unet.h"

namespace alea {

/// AdamW (arXiv:1711.05101) with linear warm-up, cosine to zero, clipping of the global gradient norm and an average of the
/// weights.
struct OptimizerOptions {
  int steps = 1000;
  int batch = 128;
  double learning_rate = 1e-3;
  double beta1 = 0.9, beta2 = 0.99, epsilon = 1e-8;
  double weight_decay = 1e-4;
  int warm_up = 200;
  double gradient_norm = 1.0;
  double ema = 0.999;  ///< decay, reached as (1 + step) / (10 + step)
  std::string compute = "bfloat16";
};

template <>
struct Fields<OptimizerOptions> {
  static auto table() {
    using O = OptimizerOptions;
    return std::tuple{field("steps", &O::steps, "optimiser steps").range(1, 1e8).required(),
                      field("batch", &O::batch, "images a step").range(1, 65536),
                      field("learning_rate", &O::learning_rate, "peak learning rate").range(0, 1),
                      field("beta1", &O::beta1, "decay of the first moment").range(0, 0.999999),
                      field("beta2", &O::beta2, "decay of the second moment").range(0, 0.999999),
                      field("epsilon", &O::epsilon, "AdamW's epsilon").range(0, 1),
                      field("weight_decay", &O::weight_decay, "decoupled weight decay").range(0, 1),
                      field("warm_up", &O::warm_up, "steps of linear warm-up").range(0, 1e8),
                      field("gradient_norm", &O::gradient_norm, "clip the global gradient norm to this").range(0, 1e9),
                      field("ema", &O::ema, "decay of the averaged weights").range(0, 0.9999999),
                      field("compute", &O::compute, "dtype of convolutions and linear layers").one_of({"bfloat16", "float32"})};
  }
};

struct DenoiserTrainOptions {
  std::string train = "denoiser";
  std::string name;
  std::uint64_t seed = 0;
  std::string data;
  int fold = 1;
  nn::UnetOptions architecture;
  ScheduleOptions schedule;
  double dropout = 0;
  OptimizerOptions optimizer;
  int checkpoint_every = 100;
  int sample_steps = 50;  ///< DDIM steps of the sample grid
};

template <>
struct Fields<DenoiserTrainOptions> {
  static auto table() {
    using O = DenoiserTrainOptions;
    return std::tuple{field("train", &O::train, "what is trained").one_of({"denoiser"}).required(),
                      field("name", &O::name, "name of the weights and the manifest").required(),
                      field("seed", &O::seed, "of initial weights, order, noise, times and dropout"),
                      field("data", &O::data, "real images: a folder, npz, HDF5, CIFAR-10's batches or a named set").required(),
                      field("fold", &O::fold, "fold images fold x fold into channels").range(1, 16),
                      field("architecture", &O::architecture, "U-Net").required(),
                      field("schedule", &O::schedule, "noise schedule"),
                      field("dropout", &O::dropout, "dropout probability at the ResNet sites").range(0, 0.999),
                      field("optimizer", &O::optimizer, "optimiser").required(),
                      field("checkpoint_every", &O::checkpoint_every, "steps between checkpoints").range(1, 1e8),
                      field("sample_steps", &O::sample_steps, "DDIM steps of the sample grid").range(1, 1000)};
  }
};

struct ClassifierTrainOptions {
  std::string train = "classifier";
  std::string name;
  std::uint64_t seed = 0;
  std::string data, test_data;
  Json architecture = Json::object();
  OptimizerOptions optimizer;
  int checkpoint_every = 500;
};

template <>
struct Fields<ClassifierTrainOptions> {
  static auto table() {
    using O = ClassifierTrainOptions;
    return std::tuple{
        field("train", &O::train, "what is trained").one_of({"classifier"}).required(),
        field("name", &O::name, "name of the weights and the manifest").required(),
        field("seed", &O::seed, "of initial weights and order"),
        field("data", &O::data, "real images: a folder, npz, HDF5, CIFAR-10's batches or a named set").required(),
        field("test_data", &O::test_data, "those whose accuracy is reported, with the same classes").required(),
        field("architecture", &O::architecture, "{\"kind\": \"plain\" | \"residual\", \"widths\": [...]}").required(),
        field("optimizer", &O::optimizer, "optimiser").required(),
        field("checkpoint_every", &O::checkpoint_every, "steps between checkpoints").range(1, 1e8)};
  }
};

}  // namespace alea
