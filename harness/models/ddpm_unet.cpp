#include <ATen/Functions.h>

#include <cstring>

#include "core/error.h"
#include "models/manifest.h"
#include "models/models.h"
#include "models/network_weights.h"
#include "models/nn/unet.h"

namespace alea {
namespace {

/// Attention's parameters had other names until diffusers 0.14: the published files still have them.
std::string current_attention_name(const std::string& name) {
  if (name.find(".attentions.") == std::string::npos) return name;
  for (const auto& [old, current] :
       {std::pair{".query.", ".to_q."}, {".key.", ".to_k."}, {".value.", ".to_v."}, {".proj_attn.", ".to_out.0."}})
    if (const auto at = name.find(old); at != std::string::npos) return std::string(name).replace(at, std::strlen(old), current);
  return name;
}

class DdpmUnet : public Denoiser {
 public:
  DdpmUnet(const std::filesystem::path& path, const Placement& placement)
      : DdpmUnet(path.string(), path, read_denoiser_manifest(path), placement) {}

  const DenoiserSpec& spec() const override { return spec_; }
  const NoiseSchedule& schedule() const override { return schedule_; }

  Prediction predict(const Batch& batch) override {
    const auto& shape = spec_.shape;
    const bool fits = batch.x.dim() == 4 && batch.x.size(1) == shape.channels && batch.x.size(2) == shape.height &&
                      batch.x.size(3) == shape.width;
    if (!fits || batch.t.dim() != 1 || batch.t.size(0) != batch.x.size(0))
      fail(ErrorCode::shape, "ddpm_unet: expected x [B, {}, {}, {}] and t [B], found {} and {} dimensions", shape.channels,
           shape.height, shape.width, batch.x.dim(), batch.t.dim());
    Prediction out;
    out.eps = unet_->forward(batch.x, batch.t, nn::DropoutSites(batch.mode, batch.ids),
                             batch.want.last_layer_input ? &out.last_layer_input : nullptr);
    return out;
  }
  std::optional<LastLayer> last_layer() const override { return unet_->last_layer(); }

 private:
  DdpmUnet(const std::string& source, const std::filesystem::path& path, const DenoiserManifest& manifest,
           const Placement& placement)
      : schedule_(read_part<ScheduleOptions>(manifest.schedule, "/schedule", source)) {
    refuse_label_conventions(manifest, "ddpm_unet", source);
    NetworkWeights weights(manifest, path, placement, {.rename = current_attention_name});
    unet_ =
        std::make_unique<nn::Unet>(weights.source(), read_part<nn::UnetOptions>(manifest.architecture, "/architecture", source));
    weights.finish();
    spec_ = {.kind = "ddpm_unet",
             .shape = shape_of(manifest, source),
             .codec = {manifest.fold},
             .n_parameters = weights.n_parameters(),
             .train_dropout = manifest.train_dropout,
             .train_attention_dropout = manifest.train_dropout_sites == "all",
             .dropout_sites = unet_->dropout_sites(),
             .weights_sha256 = weights.sha256(),
             .device = placement.device};
  }

  NoiseSchedule schedule_;
  DenoiserSpec spec_;
  std::unique_ptr<nn::Unet> unet_;
};

}  // namespace

ModelPlugin ddpm_unet_model() {
  return make_manifest_plugin<DdpmUnet>("ddpm_unet", "DDPM U-Net with the layout of google/ddpm-cifar10-32 (arXiv:2006.11239)");
}

}  // namespace alea
