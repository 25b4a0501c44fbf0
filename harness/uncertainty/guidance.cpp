#include "uncertainty/guidance.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/error.h"
#include "samplers/noise.h"
#include "uncertainty/guidance_mask.h"
#include "uncertainty/guidance_statistic.h"
#include "uncertainty/moments.h"
#include "uncertainty/window.h"

namespace alea {
namespace {

/// Estimators at the same step draw the noise of site 0.
constexpr std::uint32_t kNoiseSite = 1, kSignSite = 2;

/// One question at a guided step.
struct Question {
  enum class For { spread, gradient, gradient_of_eps } purpose;
  int pass = 0;
  bool graph = false;
  bool keep = false;  ///< the graph, until U is known
};

struct GuidancePlan {
  GuidanceOptions options;
  Window window;
  GuidanceMask mask;
  std::uint64_t seed;
  std::vector<NoiseLevel> levels;  ///< of re-noising, one a step of the window; empty: the step's own
  UncertaintyObserver observe;
  std::vector<Question> questions;

  bool has_gradient() const { return !observe && options.needs_gradient(); }
  /// A forward each, and two more for a backward.
  int nfe_per_step() const {
    const int backwards = has_gradient() ? options.passes + options.add_eps_gradient : 0;
    return static_cast<int>(questions.size()) + 2 * backwards;
  }
};

std::vector<Question> questions_of(const GuidancePlan& plan) {
  const GuidanceOptions& o = plan.options;
  const int kept = o.graphs.value_or(o.passes);
  std::vector<Question> out;
  for (int pass = 0; pass < o.passes; ++pass)
    out.push_back({Question::For::spread, pass, plan.has_gradient(), plan.has_gradient() && pass < kept});
  if (!plan.has_gradient()) return out;
  for (int pass = kept; pass < o.passes; ++pass) out.push_back({Question::For::gradient, pass, true});
  if (o.add_eps_gradient) out.push_back({Question::For::gradient_of_eps, 0, true});
  return out;
}

/// The network's input and output, with the graph between them.
struct Evaluated {
  at::Tensor x, eps;
};

/// J(x)^T v: what a change of x does to sum(v eps(x)).
at::Tensor vector_jacobian(const Evaluated& row, const at::Tensor& v) {
  return torch::autograd::grad({row.eps}, {row.x}, {v.to(row.eps.scalar_type())}).front().to(at::kDouble);
}

at::Tensor norm_per_image(const at::Tensor& x) { return sum_per_image(x * x).sqrt(); }

class Guidance : public Guide {
 public:
  Guidance(std::shared_ptr<const GuidancePlan> plan, std::int64_t n_images)
      : plan_(std::move(plan)),
        ratios_(at::zeros({n_images, plan_->window.size()}, at::kDouble)),
        uncertainties_(at::zeros_like(ratios_)) {}

  void begin(const StepView& step) override {
    step_ = step;
    column_ = plan_->window.column(step.index);
    level_ = column_ && !plan_->levels.empty() ? plan_->levels[*column_] : step.level;
    place_ = 0;
    answers_.clear();
    pulled_back_ = at::zeros_like(step.eps, at::kDouble);
    if (plan_->options.clip) clean_ = predict_x0(step.x, step.eps, level_);
  }

  std::optional<Query> next() override {
    if (!column_ || place_ == plan_->questions.size()) return std::nullopt;
    const Question& question = plan_->questions[place_];
    asked_ = question.purpose == Question::For::gradient_of_eps ? step_.x : renoised(question.pass);
    if (question.graph) asked_ = asked_.detach().requires_grad_(true);
    return Query{.x = asked_, .t = step_.t, .ids = *step_.ids, .want = {.graph = question.graph}};
  }

  void feed(const Prediction& answer) override {
    const Question& question = plan_->questions.at(place_++);
    Evaluated evaluated{std::exchange(asked_, {}), answer.eps};
    if (question.purpose == Question::For::gradient) return pull_back(evaluated, spread_.by_answer[question.pass]);
    if (question.purpose == Question::For::gradient_of_eps) {
      by_x_of_eps_ = vector_jacobian(evaluated, at::ones_like(answer.eps));
      return count_backward();
    }
    answers_.push_back(answer.eps.detach());
    if (question.keep) kept_.push_back(std::move(evaluated));
    if (static_cast<int>(answers_.size()) == plan_->options.passes) measure();
  }

  at::Tensor eps() override {
    if (!column_) return step_.eps;
    const at::Tensor before = step_.eps.to(at::kDouble);
    const at::Tensor after = plan_->observe ? before : at::where(mask_, changed(before), before);
    ratios_.select(1, *column_).copy_(norm_per_image(after - before) / norm_per_image(before));
    uncertainties_.select(1, *column_).copy_(sum_per_image(spread_.uncertainty));
    return after.to(step_.eps.scalar_type());
  }

  std::uint64_t backward_rows() const override { return backward_rows_; }
  std::vector<UncertaintyOutput> outputs() const override {
    return {{"guidance.ratio", ratios_, {}}, {"guidance.uncertainty", uncertainties_, {}}};
  }

 private:
  at::Tensor renoised(int pass) const {
    const at::Tensor z = draw(pass);
    return plan_->options.clip ? add_noise(at::clamp(clean_, -1, 1), z, level_) : step_.x + (z - step_.eps) * level_.sigma;
  }

  DrawKey key(std::uint32_t site, int pass) const {
    return {.seed = plan_->seed,
            .stream = Stream::re_noise,
            .site = site,
            .step = static_cast<std::uint32_t>(step_.index.value),
            .pass = static_cast<std::uint32_t>(pass)};
  }

  ImageShape shape() const {
    const auto& x = step_.x;
    return {static_cast<int>(x.size(1)), static_cast<int>(x.size(2)), static_cast<int>(x.size(3))};
  }

  at::Tensor draw(int pass) const { return draw_normals(key(kNoiseSite, pass), *step_.ids, shape()).to(step_.x.device()); }

  /// U, the mask, and the gradients of the passes whose graphs are there.
  void measure() {
    const GuidanceOptions& o = plan_->options;
    spread_ = spread_with_derivatives(o.statistic, step_.eps, answers_);
    const at::Tensor judged = o.mask_statistic == "same" || o.mask_statistic == o.statistic
                                  ? spread_.uncertainty
                                  : spread_with_derivatives(o.mask_statistic, step_.eps, answers_).uncertainty;
    if (plan_->observe) return plan_->observe(step_.index, judged);
    mask_ = plan_->mask.of(step_.index, judged);
    for (std::size_t pass = 0; pass < kept_.size(); ++pass) {
      pull_back(kept_[pass], spread_.by_answer[pass]);
      kept_[pass] = {};
    }
    kept_.clear();
  }

  void pull_back(const Evaluated& evaluated, const at::Tensor& by_answer) {
    pulled_back_ = pulled_back_ + vector_jacobian(evaluated, by_answer);
    count_backward();
  }

  void count_backward() { backward_rows_ += step_.ids->size(); }

  /// The gradient of the sum of U of each image.
  at::Tensor gradient() const {
    const GuidanceOptions& o = plan_->options;
    at::Tensor by_x = pulled_back_;
    if (o.clip) by_x = at::where(clean_.abs() < 1, by_x, at::zeros_like(by_x));
    if (o.wrt == "eps") return spread_.by_eps - by_x * level_.sigma;
    return o.add_eps_gradient ? by_x + by_x_of_eps_ : by_x;
  }

  /// eps as it is on the mask.
  at::Tensor changed(const at::Tensor& eps) const {
    const GuidanceOptions& o = plan_->options;
    if (o.action == "posterior") return posterior_mean();
    const double strength = (o.direction == "ascent" ? 1 : -1) * o.lambda / o.divisor;
    if (o.action == "random_sign") return eps + signs() * spread_.uncertainty * strength;
    const at::Tensor step = gradient() * strength;
    return o.action == "multiply" ? eps * step : eps + step;
  }

  /// Of a normal mean with prior N(0, alpha_bar) and M observations of variance U: sum e_i / (M + U / alpha_bar).
  at::Tensor posterior_mean() const {
    at::Tensor sum = at::zeros_like(spread_.uncertainty);
    if (plan_->options.posterior_sum == "batch")
      sum = answers_.back().to(at::kDouble).sum(0, /*keepdim=*/true).expand(sum.sizes());
    else
      for (const at::Tensor& answer : answers_) sum = sum + answer;
    return sum / (spread_.uncertainty / (level_.alpha * level_.alpha) + static_cast<double>(answers_.size()));
  }

  /// Plus or minus one by seed, id, step and element.
  at::Tensor signs() const {
    at::Tensor out = at::zeros(step_.eps.sizes(), at::kDouble);
    std::vector<std::uint32_t> words(static_cast<std::size_t>(shape().elements()));
    double* to = out.mutable_data_ptr<double>();
    for (const SampleId id : *step_.ids) {
      DrawKey draw = key(kSignSite, 0);
      draw.id = id;
      fill_words(draw, words);
      for (const std::uint32_t word : words) *to++ = word & 1 ? 1 : -1;
    }
    return out.to(step_.eps.device());
  }

  std::shared_ptr<const GuidancePlan> plan_;
  at::Tensor ratios_, uncertainties_;  ///< [B, W] float64
  std::uint64_t backward_rows_ = 0;

  StepView step_;
  std::optional<int> column_;
  NoiseLevel level_;
  std::size_t place_ = 0;
  at::Tensor asked_, clean_;
  std::vector<at::Tensor> answers_;
  std::vector<Evaluated> kept_;
  AnswerSpread spread_;
  at::Tensor mask_, pulled_back_, by_x_of_eps_;
};

class GuidanceFactory : public GuideFactory {
 public:
  explicit GuidanceFactory(GuidancePlan plan) : plan_(std::make_shared<const GuidancePlan>(std::move(plan))) {}

  std::unique_ptr<Guide> start(const Ids& ids) const override {
    return std::make_unique<Guidance>(plan_, static_cast<std::int64_t>(ids.size()));
  }
  std::vector<std::string> statistics() const override { return {"guidance.ratio", "guidance.uncertainty"}; }
  std::vector<SolverIndex> window() const override { return plan_->window.indices(); }
  int nfe() const override { return plan_->nfe_per_step() * plan_->window.size(); }

 private:
  std::shared_ptr<const GuidancePlan> plan_;
};

std::vector<NoiseLevel> renoising_levels(const GuidanceOptions& options, const Window& window, const NoiseSchedule& schedule) {
  std::vector<NoiseLevel> out;
  if (options.level == "time") return out;
  for (const SolverIndex index : window.indices())
    out.push_back(level_of_alpha_bar(schedule.alpha_bar(TrainTime{static_cast<double>(index.value)})));
  return out;
}

}  // namespace

std::unique_ptr<GuideFactory> make_guidance(const GuidanceOptions& options, const GuidanceContext& context) {
  const Window window(options.first_index.value_or(0), options.last_index.value_or(context.n_steps - 1), context.n_steps);
  GuidanceOptions masked = options;
  if (context.observe) masked.mask = "all";
  GuidancePlan plan{.options = options,
                    .window = window,
                    .mask = GuidanceMask(masked, window, context.thresholds),
                    .seed = context.seed,
                    .levels = renoising_levels(options, window, context.schedule),
                    .observe = context.observe,
                    .questions = {}};
  plan.questions = questions_of(plan);
  return std::make_unique<GuidanceFactory>(std::move(plan));
}

}  // namespace alea
