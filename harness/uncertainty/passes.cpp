#include "uncertainty/passes.h"

namespace alea {
namespace {

class Passes : public Estimator {
 public:
  Passes(std::shared_ptr<const PassesPlan> plan, std::int64_t n_images)
      : plan_(std::move(plan)), sums_(plan_->statistics, n_images, plan_->window) {}

  std::vector<Query> rows(const StepView& step) override {
    std::vector<Query> out;
    if (!plan_->window.column(step.index)) return out;
    for (int pass = 0; pass < plan_->statistics.passes(); ++pass)
      out.push_back({.x = step.x, .t = step.t, .ids = *step.ids, .mode = plan_->mode(step.index, pass)});
    return out;
  }

  void consume(const StepView& step, std::span<const Prediction> answers) override {
    if (const auto column = plan_->window.column(step.index)) sums_.add(*column, step.eps, answers);
  }

  bool needed_before_advance() const override { return false; }
  std::vector<UncertaintyOutput> outputs() const override { return sums_.outputs(); }

 private:
  std::shared_ptr<const PassesPlan> plan_;
  SpreadSums sums_;
};

class PassesFactory : public EstimatorFactory {
 public:
  explicit PassesFactory(PassesPlan plan) : plan_(std::make_shared<const PassesPlan>(std::move(plan))) {}

  std::unique_ptr<Estimator> start(const Ids& ids) const override {
    return std::make_unique<Passes>(plan_, static_cast<std::int64_t>(ids.size()));
  }
  std::vector<std::string> statistics() const override { return plan_->statistics.names(); }
  std::vector<SolverIndex> window(int) const override { return plan_->window.indices(); }
  int extra_nfe() const override { return plan_->statistics.passes() * plan_->window.size(); }
  std::vector<std::string> departures() const override { return plan_->departures; }

 private:
  std::shared_ptr<const PassesPlan> plan_;
};

}  // namespace

std::unique_ptr<EstimatorFactory> make_passes_estimator(PassesPlan plan) {
  return std::make_unique<PassesFactory>(std::move(plan));
}

}  // namespace alea
