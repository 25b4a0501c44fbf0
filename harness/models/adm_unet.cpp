#include "models/nn/adm_unet.h"

#include <ATen/TensorOperators.h>

#include "core/error.h"
#include "models/manifest.h"
#include "models/models.h"
#include "models/network_weights.h"

namespace alea {
namespace {

ImageShape checked_shape(const DenoiserManifest& manifest, const nn::AdmUnetOptions& options, const std::string& source) {
  const ImageShape shape = shape_of(manifest, source);
  const int stride = 1 << (nn::checked(options).channel_mult.size() - 1);
  if (shape.channels != options.in_channels || shape.height % stride != 0 || shape.width % stride != 0)
    fail(ErrorCode::config,
         "{}: /shape: expected [{}, height, width] with height and width divisible by {}, found [{}, {}, {}]; "
         "/architecture/in_channels and /architecture/channel_mult say so",
         source, options.in_channels, stride, shape.channels, shape.height, shape.width);
  return shape;
}

/// [B, C or 2C, H, W] -> eps and, where the variance is learned, its fraction: (v + 1) / 2 of an unbounded output v, so that it
/// may leave [0, 1]. guided-diffusion doesn't clamp it either; the samples of a published network would change.
Prediction split_channels(const at::Tensor& output, int channels) {
  if (output.size(1) == channels) return {output};
  return {output.narrow(1, 0, channels).contiguous(), output.narrow(1, channels, channels).contiguous().add(1).mul(0.5)};
}

class AdmUnet : public Denoiser {
 public:
  AdmUnet(const std::filesystem::path& path, const Placement& placement)
      : AdmUnet(path.string(), path, read_denoiser_manifest(path), placement) {}

  const DenoiserSpec& spec() const override { return spec_; }
  const NoiseSchedule& schedule() const override { return schedule_; }

  Prediction predict(const Batch& batch) override {
    const auto& shape = spec_.shape;
    if (batch.x.dim() != 4 || batch.x.size(2) != shape.height || batch.x.size(3) != shape.width)
      fail(ErrorCode::shape, "adm_unet: expected x [B, {}, {}, {}], found {} dimensions of another extent", shape.channels,
           shape.height, shape.width, batch.x.dim());
    at::Tensor last_layer_input;
    const auto output = unet_->forward(batch.x, batch.t, batch.labels, nn::DropoutSites(batch.mode, batch.ids),
                                       batch.want.last_layer_input ? &last_layer_input : nullptr);
    Prediction out = split_channels(output, shape.channels);
    out.last_layer_input = last_layer_input;
    return out;
  }
  /// Without the channels of a learned variance.
  std::optional<LastLayer> last_layer() const override {
    LastLayer layer = unet_->last_layer();
    layer.weight = layer.weight.narrow(0, 0, spec_.shape.channels);
    layer.bias = layer.bias.narrow(0, 0, spec_.shape.channels);
    return layer;
  }

 private:
  AdmUnet(const std::string& source, const std::filesystem::path& path, const DenoiserManifest& manifest,
          const Placement& placement)
      : schedule_(read_part<ScheduleOptions>(manifest.schedule, "/schedule", source)) {
    refuse_label_conventions(manifest, "adm_unet", source);
    const auto options = read_part<nn::AdmUnetOptions>(manifest.architecture, "/architecture", source);
    const ImageShape shape = checked_shape(manifest, options, source);
    NetworkWeights weights(manifest, path, placement);
    unet_ = std::make_unique<nn::AdmUnet>(weights.source(), options);
    weights.finish();
    spec_ = {.kind = "adm_unet",
             .shape = shape,
             .codec = {manifest.fold},
             .n_classes = options.num_classes,
             .n_parameters = weights.n_parameters(),
             .train_dropout = manifest.train_dropout,
             .dropout_sites = unet_->dropout_sites(),
             .weights_sha256 = weights.sha256(),
             .device = placement.device};
  }

  NoiseSchedule schedule_;
  DenoiserSpec spec_;
  std::unique_ptr<nn::AdmUnet> unet_;
};

}  // namespace

ModelPlugin adm_unet_model() {
  return make_manifest_plugin<AdmUnet>(
      "adm_unet", "U-Net of guided-diffusion, with or without classes and learned variance (arXiv:2105.05233)");
}

}  // namespace alea
