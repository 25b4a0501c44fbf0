#include <ATen/TensorOperators.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "samplers/noise.h"
#include "uncertainty/bayesdiff_plan.h"
#include "uncertainty/laplace_options.h"
#include "uncertainty/moments.h"

namespace alea {
namespace {

struct BayesDiffOptions : LaplaceOptions {
  int every = 5;
  int draws = 10;
  int weight_draws = 0;
  std::string moments = "consistent";
  std::string path = "deterministic";
};

}  // namespace

template <>
struct Fields<BayesDiffOptions> {
  static auto table() {
    using O = BayesDiffOptions;
    return std::tuple_cat(
        laplace_fields<O>(),
        std::tuple{
            field("every", &O::every, "steps from one with uncertainty to the next, the first one having it").range(1, 1000),
            field("draws", &O::draws, "S, draws of x for its covariance with eps: evaluations an image").range(2, 65535),
            field("weight_draws", &O::weight_draws, "0: exact predictive of the last layer; the released code draws 100 layers")
                .range(0, 65535),
            field("moments", &O::moments, "consistent: law of total variance along a line through the draws; released: as the released code")
                .one_of({"consistent", "released"}),
            field("path", &O::path, "deterministic: the sampler's own images; sampled: eps is drawn where there is uncertainty")
                .one_of({"deterministic", "sampled"})});
  }
};

namespace {

/// Sites of stream `laplace`; 0 and 1 are LastLayerPosterior's.
enum Site : std::uint32_t { kStartDraw = 2, kMiddleDraw = 3, kPathNoise = 4 };

/// BayesDiff (arXiv:2310.11142): how the uncertainty of a last layer grows along the sampler's steps into a variance of x_0.
class BayesDiff : public Estimator {
 public:
  explicit BayesDiff(std::shared_ptr<const BayesDiffPlan> plan) : plan_(std::move(plan)) {}

  std::vector<Query> rows(const StepView& step) override {
    const int i = step.index.value, draws = plan_->draws_at(i);
    if (!moments_) set_out(step);
    if (plan_->begins_step(i)) begin_step(step, draws);
    std::vector<Query> out;
    for (int j = 0; j < draws; ++j)
      out.push_back({.x = inputs_[j], .t = step.t, .ids = *step.ids, .want = {.last_layer_input = !plan_->ends_step(i)}});
    return out;
  }

  void consume(const StepView& step, std::span<const Prediction> answers) override {
    const int i = step.index.value;
    ALEA_CHECK(i == n_seen_ && static_cast<int>(answers.size()) == plan_->draws_at(i), "bayesdiff: {} answers at {} after {}",
               answers.size(), i, n_seen_);
    ++n_seen_;
    path_eps_ = step.eps;
    if (!plan_->has_uncertainty(i)) {
      if (plan_->ends_step(i)) moments_ = propagate(*moments_, plan_->steps[i], step.level, as_certain(step.x));
      return;
    }
    const Predictive base = predictive(step, step.last_layer_input);
    if (plan_->is_path_sampled) path_eps_ = drawn_eps(step, base);
    if (plan_->ends_step(i))
      moments_ = propagate(*moments_, plan_->steps[i], step.level, noise_at(step, base, answers));
    else
      draw_middle(step, base, answers);
  }

  bool needed_before_advance() const override { return plan_->is_path_sampled; }
  Want base_want(SolverIndex index) const override { return {.last_layer_input = plan_->has_uncertainty(index.value)}; }
  at::Tensor path_eps(const StepView&) const override { return path_eps_; }

  std::vector<UncertaintyOutput> outputs() const override {
    ALEA_CHECK(n_seen_ == static_cast<int>(plan_->steps.size()), "bayesdiff: the trajectory ended after {} of {} evaluations",
               n_seen_, plan_->steps.size());
    const at::Tensor variance = moments_->variance.clamp_min(0);  // an estimate from few draws may fall below
    return {{"bayesdiff.variance", sum_per_image(variance).unsqueeze(1), variance.to(at::kFloat).cpu()}};
  }

 private:
  void set_out(const StepView& step) {
    n_seen_ = step.index.value;
    if (n_seen_ > 0 && plan_->steps[n_seen_].memory != 0)
      fail(ErrorCode::config,
           "bayesdiff: a trajectory begun midway takes its first step without the clean image before; use ddim");
    moments_ = certain_moments(step.x);
  }

  void begin_step(const StepView& step, int draws) {
    x_mean_ = step.x.to(at::kDouble) + moments_->shift;
    const at::Tensor spread = at::sqrt(moments_->variance.clamp_min(0));
    starts_.clear();
    for (int j = 0; j < draws; ++j) starts_.push_back((x_mean_ + spread * normals(step, kStartDraw, j)).to(at::kFloat));
    if (draws == 0) starts_.assign(plan_->draws, step.x);
    inputs_ = starts_;
  }

  /// What a step's first evaluation leads to from each start, eps being drawn.
  void draw_middle(const StepView& step, const Predictive& base, std::span<const Prediction> answers) {
    const LinearStep& linear = plan_->steps[step.index.value];
    inputs_.clear();
    for (int j = 0; j < plan_->draws; ++j) {
      const Predictive here = answers.empty() ? base : predictive(step, answers[j].last_layer_input);
      const at::Tensor mean = (answers.empty() ? step.eps : answers[j].eps).to(at::kDouble) + here.shift;
      const at::Tensor eps = mean + at::sqrt(here.variance) * normals(step, kMiddleDraw, j);
      inputs_.push_back((starts_[j].to(at::kDouble) * linear.x + eps * linear.eps).to(at::kFloat));
    }
  }

  NoiseMoments noise_at(const StepView& step, const Predictive& base, std::span<const Prediction> answers) const {
    const at::Tensor mean = step.eps.to(at::kDouble) + base.shift;
    if (answers.empty()) return {mean - path_eps_, base.variance, at::zeros_like(mean)};
    std::vector<at::Tensor> means;
    for (const Prediction& answer : answers) means.push_back(answer.eps);
    return noise_moments({starts_, means}, *moments_, x_mean_, base.variance, path_eps_, plan_->rule);
  }

  static NoiseMoments as_certain(const at::Tensor& x) {
    const at::Tensor zero = at::zeros_like(x, x.options().dtype(at::kDouble));
    return {zero, zero, zero};
  }

  Predictive predictive(const StepView& step, const at::Tensor& input) const {
    if (plan_->weight_draws == 0) return plan_->posterior->exact(input);
    const DrawKey key{.seed = plan_->seed, .stream = Stream::laplace, .step = static_cast<std::uint32_t>(step.index.value)};
    return plan_->posterior->drawn(input, key, plan_->weight_draws);
  }

  at::Tensor drawn_eps(const StepView& step, const Predictive& base) const {
    return (step.eps + base.shift + at::sqrt(base.variance) * normals(step, kPathNoise, 0)).to(at::kFloat);
  }

  at::Tensor normals(const StepView& step, Site site, int draw) const {
    const DrawKey key{.seed = plan_->seed,
                      .stream = Stream::laplace,
                      .site = site,
                      .step = static_cast<std::uint32_t>(step.index.value),
                      .pass = static_cast<std::uint32_t>(draw)};
    const auto& x = step.x;
    const ImageShape shape{static_cast<int>(x.size(1)), static_cast<int>(x.size(2)), static_cast<int>(x.size(3))};
    return draw_normals(key, *step.ids, shape).to(x.device());
  }

  std::shared_ptr<const BayesDiffPlan> plan_;
  std::optional<PathMoments> moments_;  ///< at the beginning of the current step
  at::Tensor x_mean_;                   ///< and E[x] there
  std::vector<at::Tensor> starts_;      ///< draws of x there
  std::vector<at::Tensor> inputs_;      ///< and what they have become at the current evaluation
  at::Tensor path_eps_;
  int n_seen_ = 0;
};

class BayesDiffFactory : public EstimatorFactory {
 public:
  explicit BayesDiffFactory(BayesDiffPlan plan) : plan_(std::make_shared<const BayesDiffPlan>(std::move(plan))) {}

  std::unique_ptr<Estimator> start(const Ids&) const override {
    ALEA_CHECK(plan_->posterior, "bayesdiff: made without a model, so it can't watch one");
    return std::make_unique<BayesDiff>(plan_);
  }
  std::vector<std::string> statistics() const override { return {"bayesdiff.variance"}; }
  std::vector<SolverIndex> window(int) const override { return {}; }
  int extra_nfe() const override { return plan_->extra_nfe(); }
  std::vector<std::string> departures() const override {
    std::vector<std::string> out;
    if (plan_->clips) out.push_back("BayesDiff's variances are propagated without the sampler's clipping of clean images.");
    if (plan_->is_path_sampled) out.push_back("The images are those of BayesDiff's sampled path, not of the sampler's own.");
    return out;
  }

 private:
  std::shared_ptr<const BayesDiffPlan> plan_;
};

std::vector<LinearStep> linear_steps_of(const SamplerFactory* sampler) {
  const auto steps = sampler == nullptr ? std::vector<LinearStep>{} : sampler->linear_steps();
  const auto is_finite = [](const LinearStep& s) {
    return std::isfinite(s.x) && std::isfinite(s.eps) && std::isfinite(s.memory);
  };
  if (steps.empty() || !std::ranges::all_of(steps, is_finite))
    fail(ErrorCode::config,
         "bayesdiff needs a sampler whose steps are linear in the current noise and at most one clean image before it, from a "
         "level with some signal: ddim with eta 0, dpm_solver_2 or dpmpp_2m");
  return steps;
}

BayesDiffPlan plan_of(const BayesDiffOptions& options, const EstimatorContext& context) {
  if (options.weight_draws == 1) fail(ErrorCode::config, "bayesdiff: /weight_draws: 0 (exact) or at least 2, found 1");
  return {.steps = linear_steps_of(context.sampler),
          .posterior = posterior_for(options, context),
          .seed = context.seed,
          .every = options.every,
          .draws = options.draws,
          .weight_draws = options.weight_draws,
          .rule = options.moments == "released" ? MomentRule::released : MomentRule::consistent,
          .is_path_sampled = options.path == "sampled",
          .clips = context.sampler->clips()};
}

}  // namespace

Plugin<EstimatorFactory, const EstimatorContext&> bayesdiff_estimator() {
  return make_laplace_plugin<BayesDiffOptions>(
      "bayesdiff", "variance of x_0 under a Laplace approximation of the last layer (BayesDiff, arXiv:2310.11142)",
      [](const BayesDiffOptions& options, const EstimatorContext& context) -> std::unique_ptr<EstimatorFactory> {
        return std::make_unique<BayesDiffFactory>(plan_of(options, context));
      });
}

}  // namespace alea
