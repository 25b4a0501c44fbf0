#include "run/thresholds.h"

#include <ATen/TensorOperators.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "core/log.h"
#include "models/models.h"
#include "protocols/guide.h"
#include "protocols/protocol.h"
#include "run/order_statistic.h"
#include "run/signals.h"
#include "run/start.h"
#include "samplers/samplers.h"
#include "trajectory/trajectory.h"
#include "uncertainty/guidance.h"

namespace alea {
namespace {

/// The config with a mask that needs no file.
Json without_thresholds(Json config, const std::string& source) {
  if (!config.is_object() || !config.contains("guide") || !config["guide"].is_object())
    fail(ErrorCode::config, "{}: /guide: expected the options of a guide, found none; thresholds are those of its uncertainty",
         source);
  Json& guide = config["guide"];
  guide["mask"] = "quantile";
  guide.erase("thresholds");
  guide.erase("thresholds_sha256");
  return config;
}

/// One OrderStatistic a step of the guide's window.
class StepThresholds {
 public:
  StepThresholds(const std::vector<SolverIndex>& window, const ImageShape& shape, const ThresholdsRequest& request, double q)
      : shape_(shape), per_element_(request.per_element), left_(request.count) {
    const auto per_image = request.per_element ? 1 : static_cast<std::uint64_t>(shape.elements());
    for (const SolverIndex index : window) {
      indices_.push_back(index.value);
      steps_.emplace_back(request.count * per_image, q);
    }
  }

  /// uncertainty: [B, C, H, W], of which the ids that fill a last short micro-batch are left out.
  void add(SolverIndex index, const at::Tensor& uncertainty) {
    const auto rows = static_cast<std::int64_t>(std::min<std::uint64_t>(left_, static_cast<std::uint64_t>(uncertainty.size(0))));
    const at::Tensor values =
        uncertainty.narrow(0, 0, rows).to(at::kCPU, at::kFloat).reshape({per_element_ ? rows : -1, columns()});
    steps_.at(static_cast<std::size_t>(index.value - indices_.front())).add(values);
  }

  void end_micro_batch(std::uint64_t images) { left_ -= std::min(left_, images); }

  GuidanceThresholds thresholds() const {
    GuidanceThresholds out{indices_, {static_cast<std::int64_t>(indices_.size())}, {}};
    if (per_element_) out.shape.insert(out.shape.end(), {shape_.channels, shape_.height, shape_.width});
    for (const OrderStatistic& step : steps_) {
      const at::Tensor values = step.value().contiguous();
      const float* first = values.const_data_ptr<float>();
      out.values.insert(out.values.end(), first, first + values.numel());
    }
    return out;
  }

 private:
  std::int64_t columns() const { return per_element_ ? shape_.elements() : 1; }

  ImageShape shape_;
  bool per_element_;
  std::uint64_t left_;
  std::vector<std::int64_t> indices_;
  std::vector<OrderStatistic> steps_;
};

}  // namespace

ThresholdsFile measure_thresholds(const Json& config, const std::string& source, const ThresholdsRequest& request) {
  const ResolvedConfig resolved = resolve_config(without_thresholds(config, source), source);
  const Plan& plan = resolved.protocol->plan();
  const auto denoiser = make_model(plan.model);
  const auto sampler = sampler_registry().make(plan.sampler, SamplerContext{denoiser->schedule(), plan.seed});
  const auto start = start_points(plan, denoiser->spec());
  ConfigErrors errors;
  const auto options = read_guidance_options(plan.guide, "/guide", errors);
  errors.throw_if_any(source);

  std::unique_ptr<StepThresholds> steps;
  const auto guide = make_guidance(options, {.schedule = denoiser->schedule(),
                                             .seed = plan.seed,
                                             .n_steps = sampler->n_steps(),
                                             .observe = [&](SolverIndex i, const at::Tensor& u) { steps->add(i, u); }});
  steps = std::make_unique<StepThresholds>(guide->window(), denoiser->spec().shape, request, options.quantile);

  const std::uint64_t first = request.first.value_or(plan.first_id + plan.n_ids());
  Progress progress("thresholds", "images", request.count);
  for (std::uint64_t done = 0; done < request.count; done += plan.micro_batch) {
    throw_if_stopped();
    Ids ids = consecutive_ids(plan.micro_batch);
    for (SampleId& id : ids) id += first + done;
    run_trajectory(*denoiser, *sampler, {}, ids, *start, /*pack=*/true, guide.get());
    steps->end_micro_batch(ids.size());
    progress.add(std::min<std::uint64_t>(plan.micro_batch, request.count - done));
  }
  return {.thresholds = steps->thresholds(),
          .quantile = options.quantile,
          .n_samples = request.count,
          .first_id = first,
          .model = plan.model,
          .sampler = plan.sampler,
          .uncertainty = uncertainty_of_mask(plan.guide),
          .weights_sha256 = denoiser->spec().weights_sha256,
          .seed = plan.seed,
          .sha256 = {}};
}

}  // namespace alea
