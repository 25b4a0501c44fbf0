#include <ATen/TensorOperators.h>

#include "uncertainty/estimators.h"
#include "uncertainty/moments.h"
#include "uncertainty/window.h"

namespace alea {
namespace {

struct EpsEnergyOptions {
  int first_index = 45;
  int last_index = 48;
};

}  // namespace

template <>
struct Fields<EpsEnergyOptions> {
  static auto table() {
    using O = EpsEnergyOptions;
    return std::tuple{field("first_index", &O::first_index, "first solver index of the window, 0 = noisiest").range(0, 999),
                      field("last_index", &O::last_index, "last solver index of the window, inclusive").range(0, 999)};
  }
};

namespace {

/// Sum of e^2 of the sampler's own predictions: the control that costs nothing.
class EpsEnergy : public Estimator {
 public:
  EpsEnergy(const Window& window, std::int64_t n_images) : window_(window), energy_("free.eps_energy", n_images, window) {}

  std::vector<Query> rows(const StepView&) override { return {}; }
  void consume(const StepView& step, std::span<const Prediction>) override {
    const auto column = window_.column(step.index);
    if (!column) return;
    const at::Tensor eps = step.eps.to(at::kDouble);
    energy_.add(*column, eps * eps);
  }
  bool needed_before_advance() const override { return false; }
  std::vector<UncertaintyOutput> outputs() const override { return {energy_.output()}; }

 private:
  Window window_;
  WindowSums energy_;
};

class EpsEnergyFactory : public EstimatorFactory {
 public:
  explicit EpsEnergyFactory(const Window& window) : window_(window) {}

  std::unique_ptr<Estimator> start(const Ids& ids) const override {
    return std::make_unique<EpsEnergy>(window_, static_cast<std::int64_t>(ids.size()));
  }
  std::vector<std::string> statistics() const override { return {"free.eps_energy"}; }
  std::vector<SolverIndex> window(int) const override { return window_.indices(); }
  int extra_nfe() const override { return 0; }

 private:
  Window window_;
};

}  // namespace

Plugin<EstimatorFactory, const EstimatorContext&> eps_energy_estimator() {
  return make_plugin<EstimatorFactory, EpsEnergyOptions, const EstimatorContext&>(
      "eps_energy", "sum of the squared noise prediction over the window: a control without extra evaluations",
      [](const EpsEnergyOptions& o, const EstimatorContext& context) -> std::unique_ptr<EstimatorFactory> {
        return std::make_unique<EpsEnergyFactory>(Window(o.first_index, o.last_index, context.n_steps));
      });
}

}  // namespace alea
