#include "train/laplace_fit.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "core/files.h"
#include "core/log.h"
#include "formats/safetensors.h"
#include "models/models.h"
#include "train/laplace_curvature.h"
#include "train/laplace_data.h"
#include "uncertainty/laplace.h"

namespace alea {
namespace {

/// What a fit must carry from micro-batch to micro-batch.
struct FitState {
  Curvature sum;
  std::uint64_t images = 0;
};

TensorSpan span_of(const at::Tensor& x) {
  return {DType::f64, x.sizes().vec(), {static_cast<const std::byte*>(x.const_data_ptr()), x.nbytes()}};
}

void save_state(const fs::path& path, const FitState& state, const std::string& identity) {
  const at::Tensor weight = state.sum.weight.contiguous(), bias = state.sum.bias.contiguous();
  write_safetensors(
      path, {{"weight", span_of(weight)}, {"bias", span_of(bias)}},
      {{"identity", identity}, {"images", std::to_string(state.images)}, {"threads", std::to_string(at::get_num_threads())}});
}

void read_sum(const SafetensorsFile& file, const std::string& name, at::Tensor& out) {
  const auto found = file.tensors().find(name);
  if (found == file.tensors().end() || found->second.dtype != DType::f64 || at::IntArrayRef(found->second.shape) != out.sizes())
    fail(ErrorCode::data, "{}: expected \"{}\" in F64 of the last layer's shape; remove the file and begin again",
         file.path().string(), name);
  std::ranges::copy(found->second.bytes, static_cast<std::byte*>(out.mutable_data_ptr()));
}

void require_same_fit(const fs::path& path, const std::map<std::string, std::string>& facts, const std::string& identity) {
  const auto found = facts.find("identity");
  if (found == facts.end() || found->second != identity)
    fail(ErrorCode::not_comparable, "{}: a fit of other weights, images or options; choose another --out", path.string());
}

FitState load_state(const fs::path& path, const LastLayer& layer, const std::string& identity) {
  FitState state{.sum = no_curvature(layer)};
  if (!fs::exists(path)) return state;
  const SafetensorsFile file(path);
  require_same_fit(path, file.metadata(), identity);
  read_sum(file, "weight", state.sum.weight);
  read_sum(file, "bias", state.sum.bias);
  state.images = std::stoull(file.metadata().at("images"));
  at::set_num_threads(std::stoi(file.metadata().at("threads")));  // sums of products depend on it
  log_info("resume images={} threads={} from {}", state.images, at::get_num_threads(), path.string());
  return state;
}

/// One call of the network, of which the first `count` rows count.
void add_batch(FitState& state, Denoiser& denoiser, const LastLayer& layer, CurvatureKind kind, const FitBatch& batch,
               std::int64_t count) {
  const Prediction answer = denoiser.predict(
      {.x = batch.x_t, .t = batch.t, .labels = batch.labels, .ids = batch.ids, .want = {.last_layer_input = true}});
  const at::Tensor residual = answer.eps - batch.noise;
  add_curvature(state.sum, layer, kind, answer.last_layer_input.narrow(0, 0, count), residual.narrow(0, 0, count));
  state.images += static_cast<std::uint64_t>(count);
}

struct Fit {
  const LaplaceFitOptions& options;
  const TrainRequest& request;
  Denoiser& denoiser;
  const LastLayer& layer;
  const FitData& data;
  std::string identity;

  fs::path checkpoint() const { return request.out / "checkpoint.safetensors"; }
  fs::path result() const { return request.out / (options.name + ".safetensors"); }
};

FitState run_fit(const Fit& fit) {
  const c10::InferenceMode inference;
  FitState state = load_state(fit.checkpoint(), fit.layer, fit.identity);
  const auto kind = fit.options.curvature == "ggn" ? CurvatureKind::ggn : CurvatureKind::empirical_fisher;
  Progress progress("fit " + fit.options.name, "images", fit.data.size(), state.images);
  std::uint64_t saved = state.images;
  while (state.images < fit.data.size()) {
    if (fit.request.stopped && fit.request.stopped()) {
      save_state(fit.checkpoint(), state, fit.identity);
      fail(ErrorCode::interrupted, "stopped after {} of {} images; the same command goes on", state.images, fit.data.size());
    }
    const auto count = std::min<std::uint64_t>(fit.options.micro_batch, fit.data.size() - state.images);
    add_batch(state, fit.denoiser, fit.layer, kind, fit.data.batch(state.images, fit.options.micro_batch),
              static_cast<std::int64_t>(count));
    progress.add(count);
    if (state.images - saved < fit.options.checkpoint_every && state.images < fit.data.size()) continue;
    save_state(fit.checkpoint(), state, fit.identity);
    saved = state.images;
  }
  return state;
}

void write_result(const Fit& fit, const FitState& state) {
  const auto& o = fit.options;
  LaplaceFit made{.weight_curvature = state.sum.weight,
                  .bias_curvature = state.sum.bias,
                  .prior_precision = o.prior_precision,
                  .facts = {{"identity", fit.identity},
                            {"weights_sha256", fit.denoiser.spec().weights_sha256},
                            {"model", fit.denoiser.spec().kind},
                            {"data", o.data},
                            {"data_sha256", fit.data.sha256()},
                            {"images", std::to_string(state.images)},
                            {"curvature", o.curvature},
                            {"prior", o.prior},
                            {"seed", std::to_string(o.seed)}}};
  if (o.prior == "evidence") made.prior_precision = evidence_precision(fit.layer, state.sum.weight, state.sum.bias);
  save_laplace_fit(fit.result(), made);
  Json about = made.facts;
  about["prior_precision"] = made.prior_precision;
  about["file"] = fit.result().filename().string();
  about["sha256"] = sha256_file(fit.result());
  atomic_write(fit.request.out / (o.name + ".json"), about.dump(2) + "\n");
  log_info("{}: {} images, prior precision {:.6g}, sha256 {}", fit.result().string(), state.images, made.prior_precision,
           about["sha256"].get<std::string>());
}

}  // namespace

Json resolve_fitted_model(const Json& model, ConfigErrors& errors) {
  const std::size_t before = errors.items().size();
  const Json resolved = model_registry().resolve(model, "/model", errors);
  if (errors.items().size() != before) return resolved;
  const auto kind = resolved["kind"].get<std::string>();
  if (kind.starts_with("classifier_"))
    errors.add("/model/kind",
               "a fit is of the network without guidance, and serves with it too; give what stands in /model/model");
  return resolved;
}

void fit_laplace(const LaplaceFitOptions& options, const Json& resolved, const TrainRequest& request) {
  const auto outline = make_model(options.model, {.device = at::kMeta});  // reads no weights
  if (!outline->last_layer()) fail(ErrorCode::config, "/model: {} {}", outline->spec().kind, kNoLastLayer);
  const auto denoiser = make_model(options.model);
  const auto layer = denoiser->last_layer();
  const FitData data(options, *denoiser);
  const Json identity = {{"options", resolved}, {"weights", denoiser->spec().weights_sha256}, {"data", data.sha256()}};
  const Fit fit{options, request, *denoiser, *layer, data, json_sha256(identity)};
  if (fs::exists(fit.result())) {
    require_same_fit(fit.result(), load_laplace_fit(fit.result()).facts, fit.identity);
    log_info("{}: finished already", fit.result().string());
    return;
  }
  write_result(fit, run_fit(fit));
}

}  // namespace alea
