#include "train/optimizer.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <numbers>

#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "formats/safetensors.h"

namespace alea {
namespace {

std::vector<at::Tensor> tensors_of(const WeightMap& weights) {
  std::vector<at::Tensor> tensors;
  for (const auto& [name, tensor] : weights) tensors.push_back(tensor);
  return tensors;
}

bool is_norm(const std::string& name) { return name.find("norm") != std::string::npos; }

void clip_gradients(const std::vector<at::Tensor>& gradients, double limit) {
  if (limit <= 0) return;
  const double norm = at::stack(at::_foreach_norm(gradients, 2)).norm().item<double>();
  if (norm > limit) at::_foreach_mul_(gradients, limit / norm);
}

void add_spans(std::map<std::string, TensorSpan>& spans, const std::string& prefix, const WeightMap& weights, WeightMap& held) {
  for (const auto& [name, tensor] : weights) {
    const auto& kept = held[prefix + name] = tensor.detach().contiguous();
    const auto* data = static_cast<const std::byte*>(kept.const_data_ptr());
    spans[prefix + name] = {DType::f32, kept.sizes().vec(), {data, static_cast<std::size_t>(kept.nbytes())}};
  }
}

}  // namespace

TrainState initial_state(const WeightMap& initial) {
  TrainState state;
  for (const auto& [name, tensor] : initial) {
    const auto format = tensor.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
    const auto leaf = tensor.detach().clone(format);
    state.ema[name] = leaf.clone();
    state.first[name] = at::zeros_like(leaf);
    state.second[name] = at::zeros_like(leaf);
    state.weights[name] = leaf.requires_grad_(true);
  }
  return state;
}

double learning_rate_at(const OptimizerOptions& options, int step) {
  if (step < options.warm_up) return options.learning_rate * (step + 1) / options.warm_up;
  const double span = std::max(1, options.steps - options.warm_up);
  return options.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * (step - options.warm_up) / span));
}

float take_step(TrainState& state, const OptimizerOptions& options, const at::Tensor& loss) {
  loss.backward();
  const c10::NoGradGuard no_grad;
  const auto weights = tensors_of(state.weights);
  std::vector<at::Tensor> gradients;
  for (const auto& weight : weights) gradients.push_back(weight.grad());
  clip_gradients(gradients, options.gradient_norm);
  const int step = state.step();
  const std::vector<at::Tensor> step_counts(weights.size(), at::scalar_tensor(step + 1.0, at::kFloat));
  at::_fused_adamw_(weights, gradients, tensors_of(state.first), tensors_of(state.second), {}, step_counts,
                    learning_rate_at(options, step), options.beta1, options.beta2, options.weight_decay, options.epsilon, false,
                    false);
  const double decay = std::min(options.ema, (1.0 + step) / (10.0 + step));
  at::_foreach_lerp_(tensors_of(state.ema), weights, 1 - decay);
  for (const auto& weight : weights) weight.mutable_grad().reset();
  state.losses.push_back(loss.item<float>());
  if (!std::isfinite(state.losses.back()))
    fail(ErrorCode::domain, "training diverged: loss {} at step {}; lower /optimizer/learning_rate", state.losses.back(), step);
  return state.losses.back();
}

WeightMap cast_for_compute(const WeightMap& weights, const std::string& compute) {
  if (compute == "float32") return weights;
  WeightMap cast;
  for (const auto& [name, tensor] : weights) cast[name] = is_norm(name) ? tensor : tensor.to(at::kBFloat16);
  return cast;
}

void save_checkpoint(const std::filesystem::path& path, const TrainState& state, const std::string& config_sha256) {
  std::map<std::string, TensorSpan> spans;
  WeightMap held;
  add_spans(spans, "weights.", state.weights, held);
  add_spans(spans, "ema.", state.ema, held);
  add_spans(spans, "first.", state.first, held);
  add_spans(spans, "second.", state.second, held);
  spans["losses"] = {DType::f32, {static_cast<std::int64_t>(state.losses.size())}, std::as_bytes(std::span(state.losses))};
  write_safetensors(path, spans, {{"config_sha256", config_sha256}, {"threads", std::to_string(at::get_num_threads())}});
}

std::optional<TrainState> load_checkpoint(const std::filesystem::path& path, const std::string& config_sha256) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  const auto loaded = load_weights(path, "");
  const auto metadata = [&](const std::string& key) {
    const auto found = loaded.metadata.find(key);
    return found == loaded.metadata.end() ? std::string() : found->second;
  };
  if (metadata("config_sha256") != config_sha256)
    fail(ErrorCode::not_comparable, "{}: belongs to another config (sha256 {}, this one {}); choose another --out", path.string(),
         metadata("config_sha256"), config_sha256);
  at::set_num_threads(std::stoi(metadata("threads")));
  TrainState state;
  const std::map<std::string, WeightMap*> parts{
      {"weights.", &state.weights}, {"ema.", &state.ema}, {"first.", &state.first}, {"second.", &state.second}};
  for (const auto& [name, tensor] : loaded.tensors)
    for (const auto& [prefix, part] : parts)
      if (name.starts_with(prefix))
        (*part)[name.substr(prefix.size())] = tensor.dim() == 4 ? tensor.contiguous(at::MemoryFormat::ChannelsLast) : tensor;
  for (auto& [name, tensor] : state.weights) tensor = tensor.clone().requires_grad_(true);
  const auto losses = loaded.tensors.at("losses");
  state.losses.assign(losses.const_data_ptr<float>(), losses.const_data_ptr<float>() + losses.numel());
  log_info("resume step={} threads={} from {}", state.step(), at::get_num_threads(), path.string());
  return state;
}

void write_loss_curve(const std::filesystem::path& path, const std::vector<float>& losses) {
  std::string text = "step,loss\n";
  for (std::size_t i = 0; i < losses.size(); ++i) text += fmt::format("{},{:.6g}\n", i + 1, losses[i]);
  atomic_write(path, text);
}

}  // namespace alea
