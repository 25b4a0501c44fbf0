#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty_like.h>
#include <fmt/ranges.h>

#include "core/error.h"
#include "core/expected_sha256.h"
#include "core/files.h"
#include "models/conditioning.h"
#include "models/exported_manifest.h"
#include "models/exported_module.h"
#include "models/last_layer.h"
#include "models/models.h"
#include "models/nn/flop_count.h"
#include "models/parametrisation.h"

namespace alea {
namespace {

namespace fs = std::filesystem;

ExportedManifest read_exported_manifest(const fs::path& path) {
  ConfigErrors errors;
  auto manifest = read_options<ExportedManifest>(read_json_file(path), "", errors);
  if (manifest.shape.size() != 3 || std::ranges::any_of(manifest.shape, [](int side) { return side <= 0; }))
    errors.add("/shape", "expected [channels, height, width], all positive");
  const bool is_flow = manifest.schedule.value("kind", "linear") == "flow";
  if (manifest.prediction == "flow" && !is_flow) errors.add("/prediction", "\"flow\" needs the schedule \"flow\"");
  if (!manifest.null_conditioning.empty() && manifest.conditioning.empty())
    errors.add("/null_conditioning", "has a meaning with /conditioning only");
  errors.throw_if_any(path.string());
  return manifest;
}

/// Rows of one time, as a prediction of noise and clean image.
Prediction recovered(const std::string& prediction, const at::Tensor& x, const at::Tensor& answer, const NoiseLevel& level) {
  if (prediction == "x0") return {.eps = eps_from_x0(x, answer, level), .x0 = answer};
  if (prediction == "v") return {.eps = eps_from_v(x, answer, level), .x0 = x0_from_v(x, answer, level)};
  if (prediction == "flow") return {.eps = eps_from_flow(x, answer, level), .x0 = x0_from_flow(x, answer, level)};
  return {.eps = answer};
}

/// A user's own network: whatever it predicts, in whatever time convention.
class Exported : public Denoiser {
 public:
  Exported(const fs::path& path, const Placement& placement)
      : manifest_(read_exported_manifest(path)),
        schedule_(read_part<ScheduleOptions>(manifest_.schedule, "/schedule", path.string())) {
    if (placement.compute != at::kFloat)
      fail(ErrorCode::config, "{}: a network that was exported computes in the precision of its export; leave out /precision",
           path.string());
    if (!placement.device.is_meta()) load(path, placement);
    spec_ = {.kind = "exported",
             .shape = {manifest_.shape[0], manifest_.shape[1], manifest_.shape[2]},
             .codec = {manifest_.fold},
             .n_classes = manifest_.n_classes,
             .null_label = manifest_.null_label,
             .knows_unconditional = manifest_.null_label.has_value() || !manifest_.null_conditioning.empty(),
             .n_parameters = module_ == nullptr ? 0 : module_->n_parameters(),
             .weights_sha256 = manifest_.sha256,
             .device = placement.device};
  }

  const DenoiserSpec& spec() const override { return spec_; }
  const NoiseSchedule& schedule() const override { return schedule_; }

  Prediction predict(const Batch& batch) override {
    check(batch);
    if (batch.x.is_meta()) {
      nn::count_unknown("an exported module doesn't say its layers");
      return {at::empty_like(batch.x)};
    }
    const at::Tensor answer = module_->run(inputs_of(batch));
    const auto& shape = spec_.shape;
    const std::int64_t rows = batch.x.size(0), channels = shape.channels * (manifest_.learned_variance ? 2 : 1);
    if (answer.sizes() != at::IntArrayRef({rows, channels, shape.height, shape.width}))
      fail(ErrorCode::shape, "{}: expected an answer [{}, {}, {}, {}], found [{}]", manifest_.module, rows, channels,
           shape.height, shape.width, fmt::join(answer.sizes(), ", "));
    Prediction out = recovered_by_time(batch, answer.narrow(1, 0, shape.channels).to(at::kFloat));
    if (manifest_.learned_variance)
      out.variance_fraction = (answer.narrow(1, shape.channels, shape.channels).to(at::kFloat) + 1) / 2;
    return out;
  }

 private:
  void load(const fs::path& path, const Placement& placement) {
    const fs::path module = path.parent_path() / manifest_.module;
    if (!fs::exists(module)) fail(ErrorCode::io, "{}: /module: no such file as {}", path.string(), module.string());
    const std::string sha256 = sha256_file(module);
    require_sha256(module.string(), manifest_.sha256, sha256, "export it again or mend the manifest");
    module_ = load_exported_module(module, placement.device);
    const auto table = [&](const std::string& name) {
      return name.empty() ? nullptr : std::make_unique<ConditioningTable>((path.parent_path() / name).string());
    };
    conditioning_ = table(manifest_.conditioning);
    null_conditioning_ = table(manifest_.null_conditioning);
  }

  void check(const Batch& batch) const {
    const auto& shape = spec_.shape;
    const bool fits = batch.x.dim() == 4 && batch.x.size(1) == shape.channels && batch.x.size(2) == shape.height &&
                      batch.x.size(3) == shape.width && batch.t.dim() == 1 && batch.t.size(0) == batch.x.size(0);
    if (!fits)
      fail(ErrorCode::shape, "exported: expected x [B, {}, {}, {}] and t [B], found [{}] and [{}]", shape.channels, shape.height,
           shape.width, fmt::join(batch.x.sizes(), ", "), fmt::join(batch.t.sizes(), ", "));
    if (!std::holds_alternative<PlainMode>(batch.mode))
      fail(ErrorCode::config, "{}: an exported module has no dropout that can be switched on; take another estimator",
           manifest_.module);
    if (batch.want.last_layer_input) fail(ErrorCode::config, "{} {}", manifest_.module, kNoLastLayer);
    if (spec_.n_classes > 0 && !batch.labels.defined()) fail(ErrorCode::shape, "exported: expected labels [B], found none");
  }

  std::vector<at::Tensor> inputs_of(const Batch& batch) const {
    std::vector<at::Tensor> inputs{batch.x, batch.t * manifest_.time_scale + manifest_.time_offset};
    if (spec_.n_classes > 0) inputs.push_back(batch.labels);
    if (conditioning_ == nullptr) return inputs;
    const bool none = batch.unconditional && null_conditioning_ != nullptr;
    const Ids ids = none ? Ids(batch.ids.size(), 0) : batch.ids;
    inputs.push_back((none ? *null_conditioning_ : *conditioning_).rows(ids).to(batch.x.device()));
    return inputs;
  }

  /// Levels differ where rows of two steps share a call: runs of equal times are recovered together.
  Prediction recovered_by_time(const Batch& batch, const at::Tensor& answer) const {
    if (manifest_.prediction == "eps") return {.eps = answer};
    const at::Tensor times = batch.t.to(at::kCPU);
    const float* t = times.const_data_ptr<float>();
    std::vector<at::Tensor> eps, x0;
    for (std::int64_t first = 0, end = 0; first < times.size(0); first = end) {
      while (end < times.size(0) && t[end] == t[first]) ++end;
      const auto part = recovered(manifest_.prediction, batch.x.narrow(0, first, end - first),
                                  answer.narrow(0, first, end - first), schedule_.level({t[first]}));
      eps.push_back(part.eps);
      x0.push_back(part.x0);
    }
    return {.eps = at::cat(eps), .x0 = at::cat(x0)};
  }

  ExportedManifest manifest_;
  NoiseSchedule schedule_;
  DenoiserSpec spec_;
  std::unique_ptr<ExportedModule> module_;
  std::unique_ptr<ConditioningTable> conditioning_, null_conditioning_;
};

}  // namespace

ModelPlugin exported_model() {
  return make_manifest_plugin<Exported>(
      "exported", "your own network, exported as TorchScript or .pt2, with a JSON that says what it predicts");
}

}  // namespace alea
