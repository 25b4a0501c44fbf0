#pragma once

#include <string>

#include "core/config.h"

namespace alea {

/// A published or a user's own feature network, and how images reach it. Every field is part of the fingerprint.
struct EncoderOptions {
  std::string network = "inception";  ///< inception, vgg16, torchscript, or one of <data>/embedded
  std::string weights;                ///< file: .pth, .pt, safetensors; for torchscript the module itself
  std::string sha256;                 ///< expected; empty: recorded, not checked
  std::string resize = "bilinear";    ///< bilinear, bilinear_tf1, bicubic_pil (resize.h)
  std::string normalise =
      "torch";  ///< torch: 2x/255-1; tf: (x-128)/128; imagenet: (x/255 - mean)/std; unit: x/255; zero_pad: unit, zero-padded to
                ///< the input size instead of resized, larger ones nearest-neighbour (the paper's generated images for VGG16)
  int layer = 2048;                    ///< inception: 64, 192, 768 (spatial means) or 2048; vgg16: 4096
  bool relu = true;                    ///< vgg16: fc2 after its ReLU (IPR, torch-fidelity) or before (the paper's code)
  bool logits_bias = false;            ///< inception: logits with fc.bias (false: as torch-fidelity and TF's no_output_bias)
  bool train_mode_batch_norm = false;  ///< quirk of the paper's guidance experiment: batch statistics (official-code, 2.5)
  int input = 299;                     ///< extent that images are resized to; 224 for vgg16
  std::string name;                    ///< torchscript: part of the metrics' names ("dinov2")
};

template <>
struct Fields<EncoderOptions> {
  static auto table() {
    using O = EncoderOptions;
    return std::tuple{
        field("network", &O::network, "inception, vgg16, torchscript, or an embedded feature network"),
        field("weights", &O::weights, "file of the weights, or the TorchScript module"),
        field("sha256", &O::sha256, "of the weights, checked where given"),
        field("resize", &O::resize, "how images reach the input size").one_of({"bilinear", "bilinear_tf1", "bicubic_pil"}),
        field("normalise", &O::normalise, "scale of the network's input").one_of({"torch", "tf", "imagenet", "unit", "zero_pad"}),
        field("layer", &O::layer, "width of the features").range(1, 65536),
        field("relu", &O::relu, "vgg16: features after the ReLU"),
        field("logits_bias", &O::logits_bias, "logits with the classifier's bias"),
        field("train_mode_batch_norm", &O::train_mode_batch_norm, "batch norm with the batch's own statistics"),
        field("input", &O::input, "pixels that images are resized to").range(32, 1024),
        field("name", &O::name, "torchscript: name of the network in metric names")};
  }
};

}  // namespace alea
