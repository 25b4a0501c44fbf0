#include "models/nn/uvit.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>

#include "core/error.h"
#include "models/manifest.h"
#include "models/models.h"
#include "models/network_weights.h"

namespace alea {
namespace {

/// The published label tables end with the null label: what samples may be is all before it.
int sample_classes(const nn::UvitOptions& options, std::optional<int> null_label, const std::string& source) {
  if (!null_label) return options.num_classes;
  if (*null_label != options.num_classes - 1)
    fail(ErrorCode::config, "{}: /null_label: expected {}, the last of \"num_classes\" {}, found {}", source,
         options.num_classes - 1, options.num_classes, *null_label);
  return *null_label;
}

void check_shape(const ImageShape& shape, const nn::UvitOptions& options, const std::string& source) {
  if (shape != ImageShape{options.in_channels, options.img_size, options.img_size})
    fail(ErrorCode::config, "{}: /shape: expected [{}, {}, {}] as in /architecture, found [{}, {}, {}]", source,
         options.in_channels, options.img_size, options.img_size, shape.channels, shape.height, shape.width);
}

class UvitModel : public Denoiser {
 public:
  UvitModel(const std::filesystem::path& path, const Placement& placement)
      : UvitModel(path.string(), path, read_denoiser_manifest(path), placement) {}

  const DenoiserSpec& spec() const override { return spec_; }
  const NoiseSchedule& schedule() const override { return schedule_; }

  Prediction predict(const Batch& batch) override {
    const bool needs_null_label = !batch.labels.defined() && null_label_;
    const at::Tensor labels =
        needs_null_label ? at::full({batch.x.size(0)}, *null_label_, batch.t.options().dtype(at::kLong)) : batch.labels;
    Prediction out;
    out.eps =
        uvit_->forward(batch.x, batch.t + label_offset_, labels, batch.want.last_layer_input ? &out.last_layer_input : nullptr);
    return out;
  }
  std::optional<LastLayer> last_layer() const override { return uvit_->last_layer(); }

 private:
  UvitModel(const std::string& source, const std::filesystem::path& path, const DenoiserManifest& manifest,
            const Placement& placement)
      : schedule_(read_part<ScheduleOptions>(manifest.schedule, "/schedule", source)),
        label_offset_(manifest.label_offset),
        null_label_(manifest.null_label) {
    const auto options = read_part<nn::UvitOptions>(manifest.architecture, "/architecture", source);
    check_shape(shape_of(manifest, source), options, source);
    const int n_classes = sample_classes(options, null_label_, source);
    NetworkWeights weights(manifest, path, placement);
    uvit_ = std::make_unique<nn::Uvit>(weights.source(), options);
    weights.finish();
    spec_ = {.kind = "uvit",
             .shape = shape_of(manifest, source),
             .codec = {manifest.fold},
             .n_classes = n_classes,
             .null_label = null_label_,
             .knows_unconditional = null_label_.has_value(),
             .n_parameters = weights.n_parameters(),
             .train_dropout = manifest.train_dropout,
             .dropout_sites = {},
             .weights_sha256 = weights.sha256(),
             .device = placement.device};
  }

  NoiseSchedule schedule_;
  DenoiserSpec spec_;
  int label_offset_;
  std::optional<int> null_label_;
  std::unique_ptr<nn::Uvit> uvit_;
};

}  // namespace

ModelPlugin uvit_model() {
  return make_manifest_plugin<UvitModel>("uvit", "U-ViT with the layout of the published checkpoints (arXiv:2209.12152)");
}

}  // namespace alea
