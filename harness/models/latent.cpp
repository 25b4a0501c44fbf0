#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/upsample_nearest2d.h>

#include "core/error.h"
#include "models/network_weights.h"
#include "models/nn/autoencoder_kl.h"
#include "models/wrapper.h"

namespace alea {
namespace {

struct LatentOptions {
  Json model;
  std::string autoencoder;
  int tile = 0, overlap = 16;
};

}  // namespace

template <>
struct Fields<LatentOptions> {
  static auto table() {
    using O = LatentOptions;
    return std::tuple{
        field("model", &O::model, "the network that makes latents: one of the other kinds with its options").required(),
        field("autoencoder", &O::autoencoder, "manifest file of the autoencoder, as given or below the data folder").required(),
        field("tile", &O::tile, "latents are decoded in tiles of this side, 0 = at once").range(0, 4096),
        field("overlap", &O::overlap, "latent pixels that neighbouring tiles share").range(0, 1024)};
  }
};

namespace {

std::unique_ptr<nn::AutoencoderKl> load_autoencoder(const std::filesystem::path& path, const Placement& placement) {
  ConfigErrors errors;
  const auto manifest = read_options<NetworkManifest>(read_json_file(path), "", errors);
  const auto options = read_options<nn::AutoencoderOptions>(manifest.architecture, "/architecture", errors);
  errors.throw_if_any(path.string());
  const auto rename = [n_levels = static_cast<int>(options.ch_mult.size())](const std::string& name) {
    return nn::ldm_name(name, n_levels);
  };
  NetworkWeights weights(manifest, path, placement, {.rename = rename, .reshape = nn::ldm_shape});
  auto autoencoder = std::make_unique<nn::AutoencoderKl>(weights.source(), options);
  weights.finish();
  return autoencoder;
}

/// A diffusion model of latents with the decoder that makes images of them (arXiv:2112.10752).
class Latent : public Wrapper {
 public:
  Latent(const LatentOptions& options, const Placement& placement)
      : Wrapper(options.model, placement),
        options_(options),
        autoencoder_(load_autoencoder(find_data_file(options.autoencoder), placement)) {
    const auto& shape = spec_.shape;
    const auto& decoder = autoencoder_->options();
    if (shape.channels != decoder.z_channels || spec_.codec.fold != 1)
      fail(ErrorCode::config, "latent: the network makes {} channels, the autoencoder takes {}", shape.channels,
           decoder.z_channels);
    if (options.tile > 0 && options.overlap >= options.tile)
      fail(ErrorCode::config, "latent: /overlap {} must be below /tile {}", options.overlap, options.tile);
    const int factor = autoencoder_->factor();
    spec_.image = ImageShape{decoder.out_channels, shape.height * factor, shape.width * factor};
  }

  Prediction predict(const Batch& batch) override { return model_->predict(batch); }

  /// Image by image: memory stays that of one, and no image depends on its neighbours in the batch.
  at::Tensor to_image(const at::Tensor& x) const override {
    const at::NoGradGuard no_gradients;
    std::vector<at::Tensor> images;
    for (std::int64_t row = 0; row < x.size(0); ++row) {
      const at::Tensor latents = x.narrow(0, row, 1);
      images.push_back(options_.tile > 0 ? autoencoder_->decode_tiled(latents, {options_.tile, options_.overlap})
                                         : autoencoder_->decode(latents));
    }
    return at::cat(images);
  }

  at::Tensor from_image(const at::Tensor& image) const override {
    const at::NoGradGuard no_gradients;
    std::vector<at::Tensor> latents;
    for (const at::Tensor& row : image.split(1))
      latents.push_back(nn::scale_latents(autoencoder_->encode(row).mean, autoencoder_->options()));
    return at::cat(latents);
  }

  /// The mean over the latents' channels, each value spread over the pixels that it decodes to: a decoder is no map of variances.
  at::Tensor map_to_image(const at::Tensor& map) const override {
    const auto& image = *spec_.image;
    return at::upsample_nearest2d(map.mean(1, /*keepdim=*/true), {image.height, image.width})
        .expand({-1, image.channels, -1, -1});
  }

 private:
  LatentOptions options_;
  std::unique_ptr<nn::AutoencoderKl> autoencoder_;
};

}  // namespace

ModelPlugin latent_model() {
  return make_wrapper_plugin<LatentOptions>(
      "latent", "a model of latents, with the KL autoencoder that decodes its samples (arXiv:2112.10752)", WrapperCost{},
      "autoencoder", [](const LatentOptions& options, const Placement& placement) -> std::unique_ptr<Denoiser> {
        return std::make_unique<Latent>(options, placement);
      });
}

}  // namespace alea
