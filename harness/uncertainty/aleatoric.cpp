#include <algorithm>
#include <utility>

#include "core/error.h"
#include "samplers/noise.h"
#include "uncertainty/aleatoric_perturbation.h"
#include "uncertainty/estimators.h"
#include "uncertainty/spread_sums.h"

namespace alea {
namespace {

struct AleatoricPlan {
  AleatoricPerturbation perturbation;
  SpreadStatistics statistics;
  Window window;
  std::uint64_t seed;
};

/// The M evaluations of one step of the window; where they are chains, a round is asked at each step that follows.
struct Chains {
  StepView step;
  std::vector<at::Tensor> x;
  int round = 0;
};

/// Algorithm 1 of arXiv:2412.00205.
class Aleatoric : public Estimator {
 public:
  Aleatoric(std::shared_ptr<const AleatoricPlan> plan, std::int64_t n_images)
      : plan_(std::move(plan)), sums_(plan_->statistics, n_images, plan_->window) {}

  std::vector<Query> rows(const StepView& step) override {
    if (plan_->window.column(step.index)) open_.push_back(started(step));
    std::vector<Query> out;
    for (const Chains& chains : open_)
      for (const at::Tensor& x : chains.x) out.push_back({.x = x, .t = chains.step.t, .ids = *chains.step.ids});
    return out;
  }

  void consume(const StepView&, std::span<const Prediction> answers) override {
    const auto m = static_cast<std::size_t>(plan_->statistics.passes());
    ALEA_CHECK(answers.size() == m * open_.size(), "{} answers to {} passes of {} steps", answers.size(), m, open_.size());
    for (std::size_t i = 0; i < open_.size(); ++i) take(open_[i], answers.subspan(i * m, m));
    std::erase_if(open_, [&](const Chains& chains) { return chains.round == plan_->perturbation.rounds(); });
  }

  bool needed_before_advance() const override { return false; }
  std::vector<UncertaintyOutput> outputs() const override { return sums_.outputs(); }

 private:
  Chains started(const StepView& step) const {
    Chains chains{step, {}, 0};
    for (int pass = 0; pass < plan_->statistics.passes(); ++pass)
      chains.x.push_back(plan_->perturbation.first(step, noise(step, pass, 0)));
    return chains;
  }

  void take(Chains& chains, std::span<const Prediction> answers) {
    const auto& perturbation = plan_->perturbation;
    const StepView& step = chains.step;
    if (++chains.round == perturbation.rounds()) {
      sums_.add(*plan_->window.column(step.index), perturbation.reference(step), answers);
      return;
    }
    for (std::size_t pass = 0; pass < answers.size(); ++pass)
      chains.x[pass] = perturbation.next(step, chains.x[pass], answers[pass], noise(step, static_cast<int>(pass), chains.round));
  }

  at::Tensor noise(const StepView& step, int pass, int round) const {
    const DrawKey key{.seed = plan_->seed,
                      .stream = Stream::re_noise,
                      .site = static_cast<std::uint32_t>(round) << 16,  // a network's blocks have the sites below
                      .step = static_cast<std::uint32_t>(step.index.value),
                      .pass = static_cast<std::uint32_t>(pass)};
    const auto& x = step.x;
    const ImageShape shape{static_cast<int>(x.size(1)), static_cast<int>(x.size(2)), static_cast<int>(x.size(3))};
    return draw_normals(key, *step.ids, shape).to(x.device());
  }

  std::shared_ptr<const AleatoricPlan> plan_;
  SpreadSums sums_;
  std::vector<Chains> open_;
};

class AleatoricFactory : public EstimatorFactory {
 public:
  explicit AleatoricFactory(AleatoricPlan plan) : plan_(std::make_shared<const AleatoricPlan>(std::move(plan))) {}

  std::unique_ptr<Estimator> start(const Ids& ids) const override {
    return std::make_unique<Aleatoric>(plan_, static_cast<std::int64_t>(ids.size()));
  }
  std::vector<std::string> statistics() const override { return plan_->statistics.names(); }
  std::vector<SolverIndex> window(int) const override { return plan_->window.indices(); }
  int extra_nfe() const override { return plan_->statistics.passes() * plan_->window.size() * plan_->perturbation.rounds(); }
  std::vector<std::string> departures() const override { return plan_->perturbation.departures(); }

 private:
  std::shared_ptr<const AleatoricPlan> plan_;
};

std::unique_ptr<EstimatorFactory> make_aleatoric(const AleatoricOptions& options, const EstimatorContext& context) {
  const AleatoricPerturbation perturbation(options, context.model == nullptr ? nullptr : &context.model->schedule());
  const Window window(options.first_index, options.last_index, context.n_steps);
  if (options.last_index + perturbation.rounds() > context.n_steps)
    fail(ErrorCode::config,
         "/last_index: a chain of {} rounds from solver index {} goes on to index {}, but the sampler's {} steps end at {}",
         perturbation.rounds(), options.last_index, options.last_index + perturbation.rounds() - 1, context.n_steps,
         context.n_steps - 1);
  return std::make_unique<AleatoricFactory>(
      AleatoricPlan{perturbation, SpreadStatistics(perturbation.family(), options), window, context.seed});
}

}  // namespace

Plugin<EstimatorFactory, const EstimatorContext&> aleatoric_estimator() {
  return make_plugin<EstimatorFactory, AleatoricOptions, const EstimatorContext&>(
      "aleatoric", "spread of the noise prediction under fresh re-noising (arXiv:2412.00205, Algorithm 1)", make_aleatoric);
}

}  // namespace alea
