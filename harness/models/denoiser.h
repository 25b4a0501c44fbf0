#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/ids.h"
#include "core/philox.h"
#include "models/noise_schedule.h"

namespace alea {

struct ImageShape {
  int channels = 0, height = 0, width = 0;
  std::int64_t elements() const { return std::int64_t{channels} * height * width; }
  bool operator==(const ImageShape&) const = default;
};

/// Evaluation without any randomness.
struct PlainMode {
  bool operator==(const PlainMode&) const = default;
};

/// Every dropout site drops with probability p; the mask of a row is a function of (seed, stream, site, id, step, pass) alone.
struct DropoutMode {
  std::uint64_t seed = 0;
  Stream stream = Stream::dropout;
  std::uint32_t step = 0;
  std::uint32_t pass = 0;
  double p = 0.1;
  bool attention_sites = false;  ///< also the output projections of attention
  bool operator==(const DropoutMode&) const = default;
};

/// Normal noise of standard deviation `std` is added to what residual blocks put out; a row's noise is a function of
/// (seed, stream re_noise, site, id, step, pass) alone.
struct FeatureNoiseMode {
  std::uint64_t seed = 0;
  std::uint32_t step = 0;
  std::uint32_t pass = 0;
  double std = 0.01;
  std::vector<std::uint32_t> sites;  ///< the blocks, by the number of their dropout site
  bool operator==(const FeatureNoiseMode&) const = default;
};

using Mode = std::variant<PlainMode, DropoutMode, FeatureNoiseMode>;

/// What an answer must hold beside eps. Error{config} from a network that can't say it.
struct Want {
  bool last_layer_input = false;  ///< what the last layer makes eps of
  bool graph = false;             ///< eps as a differentiable function of x
  bool operator==(const Want&) const = default;
};

/// What a sampler or an estimator wants to know: eps at (x, t) for every row.
struct Query {
  at::Tensor x;  ///< [B, C, H, W] float32, the network's space
  TrainTime t;   ///< one time for the whole query
  Ids ids;       ///< B ids, one a row
  Mode mode = PlainMode{};
  Want want{};
};

struct Prediction {
  at::Tensor eps;                  ///< [B, C, H, W] float32: the noise in x
  at::Tensor variance_fraction{};  ///< [B, C, H, W], (v + 1) / 2 of a learned variance (arXiv:2102.09672 eq. 15); else undefined
  at::Tensor x0{};  ///< [B, C, H, W], the clean image, where the network says it apart from eps: flow, v and x0; else undefined
  at::Tensor last_layer_input{};  ///< [B, D, H / p, W / p] float32, where it was wanted (LastLayer); else undefined
};

/// Rows packed from any number of queries of one mode: what a network sees.
struct Batch {
  at::Tensor x;                ///< [B, C, H, W] float32
  at::Tensor t;                ///< [B] float32, the network's time labels
  at::Tensor labels{};         ///< [B] int64, the class of each row; undefined: without classes
  Ids ids;                     ///< B ids
  bool unconditional = false;  ///< asks without class or text, whatever belongs to the ids; labels are the null label then
  Mode mode = PlainMode{};     ///< one mode a batch
  Want want{};                 ///< and one want
};

/// How the network's space maps to images. `fold` > 1: pixel (fold*h+i, fold*w+j) of the image's channel c is channel
/// (c*fold + i)*fold + j of the network at (h, w).
struct Codec {
  int fold = 1;
  bool operator==(const Codec&) const = default;
};

struct DenoiserSpec {
  std::string kind;
  ImageShape shape;                   ///< the network's space
  std::optional<ImageShape> image{};  ///< where a decoder stands between the two; else as the codec says
  Codec codec;
  int n_classes = 0;                         ///< classes that its samples may have; 0: it takes no labels
  std::optional<std::int64_t> null_label{};  ///< stands for no class, where the network was trained with one
  bool knows_unconditional = false;          ///< takes Batch::unconditional
  int forwards = 1;                          ///< network evaluations of one prediction, a backward counting as two
  std::int64_t n_parameters = 0;
  double train_dropout = 0;                  ///< p of training, 0 = trained without
  bool train_attention_dropout = false;      ///< training also dropped the output projections of attention
  std::vector<std::string> dropout_sites{};  ///< in order of site number; empty: only PlainMode has a meaning
  std::string weights_sha256;                ///< empty: no weights
  at::Device device = at::kCPU;              ///< where x, t and labels must be, and where answers are
};

ImageShape image_shape(const DenoiserSpec& spec);

/// The convolution of stride 1 that ends a network: eps = conv(last_layer_input, weight) + bias, plus what doesn't depend on this
/// weight and bias (classifier guidance). models/last_layer.h evaluates it.
struct LastLayer {
  at::Tensor weight, bias;  ///< [C p p, D, k, k], [C p p], float32
  int padding = 0;
  int patch = 1;  ///< p: output channel (i * p + j) * C + c is eps of channel c at row i and column j of a p x p patch
};

/// A noise-predicting network.
class Denoiser {
 public:
  virtual ~Denoiser() = default;
  virtual const DenoiserSpec& spec() const = 0;
  virtual const NoiseSchedule& schedule() const = 0;
  /// Rows don't influence each other. Throws Error{shape} when x isn't [B, C, H, W] of spec().shape or t isn't [B].
  virtual Prediction predict(const Batch& batch) = 0;
  /// Where the network ends in one; Want::last_layer_input is its input.
  virtual std::optional<LastLayer> last_layer() const { return std::nullopt; }

  /// From the network's space [B, C, H, W] to images [B, c, h, w] of image_shape(spec()); a map of the network's space to one of
  /// pixels, value by value.
  virtual at::Tensor to_image(const at::Tensor& x) const;
  virtual at::Tensor map_to_image(const at::Tensor& map) const;
  /// From images [B, c, h, w] float32 in [-1, 1] to the network's space; of a random encoder, the mean.
  virtual at::Tensor from_image(const at::Tensor& image) const;
};

/// Network space -> image [B, c, h, w], and back (Codec).
at::Tensor unfold_to_image(const at::Tensor& x, const Codec& codec);
at::Tensor fold_from_image(const at::Tensor& image, const Codec& codec);

}  // namespace alea
