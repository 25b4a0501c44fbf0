#include <ATen/TensorOperators.h>

#include "samplers/noise.h"
#include "uncertainty/estimators.h"
#include "uncertainty/moments.h"
#include "uncertainty/window.h"

namespace alea {
namespace {

struct AleatoricOptions {
  int passes = 5;
  int first_index = 45;
  int last_index = 48;
};

}  // namespace

template <>
struct Fields<AleatoricOptions> {
  static auto table() {
    using O = AleatoricOptions;
    return std::tuple{field("passes", &O::passes, "M, re-noised evaluations at each step of the window").range(2, 65535),
                      field("first_index", &O::first_index, "first solver index of the window, 0 = noisiest").range(0, 999),
                      field("last_index", &O::last_index, "last solver index of the window, inclusive").range(0, 999)};
  }
};

namespace {

struct AleatoricPlan {
  int passes;
  Window window;
  std::uint64_t seed;
};

/// Algorithm 1 of arXiv:2412.00205.
class Aleatoric : public Estimator {
 public:
  Aleatoric(const AleatoricPlan& plan, std::int64_t n_images)
      : plan_(plan),
        variance_("aleatoric.variance", n_images, plan.window),
        centred_("aleatoric.centred", n_images, plan.window) {}

  std::vector<Query> rows(const StepView& step) override {
    std::vector<Query> out;
    if (!plan_.window.column(step.index)) return out;
    for (int pass = 0; pass < plan_.passes; ++pass)
      out.push_back({.x = add_noise(step.x0, fresh_noise(step, pass), step.level), .t = step.t, .ids = *step.ids});
    return out;
  }

  void consume(const StepView& step, std::span<const Prediction> answers) override {
    const auto column = plan_.window.column(step.index);
    if (!column) return;
    ALEA_CHECK(static_cast<int>(answers.size()) == plan_.passes, "{} answers to {} passes", answers.size(), plan_.passes);
    const Spread spread = spread_about(step.eps, answers);
    variance_.add(*column, spread.variance);
    centred_.add(*column, spread.centred);
  }

  bool needed_before_advance() const override { return false; }
  std::vector<UncertaintyOutput> outputs() const override { return {variance_.output(), centred_.output()}; }

 private:
  at::Tensor fresh_noise(const StepView& step, int pass) const {
    const DrawKey key{.seed = plan_.seed,
                      .stream = Stream::re_noise,
                      .step = static_cast<std::uint32_t>(step.index.value),
                      .pass = static_cast<std::uint32_t>(pass)};
    const auto& x = step.x0;
    const ImageShape shape{static_cast<int>(x.size(1)), static_cast<int>(x.size(2)), static_cast<int>(x.size(3))};
    return draw_normals(key, *step.ids, shape).to(x.device());
  }

  AleatoricPlan plan_;
  WindowSums variance_, centred_;
};

class AleatoricFactory : public EstimatorFactory {
 public:
  explicit AleatoricFactory(const AleatoricPlan& plan) : plan_(plan) {}

  std::unique_ptr<Estimator> start(const Ids& ids) const override {
    return std::make_unique<Aleatoric>(plan_, static_cast<std::int64_t>(ids.size()));
  }
  std::vector<std::string> statistics() const override { return {"aleatoric.variance", "aleatoric.centred"}; }
  std::vector<SolverIndex> window(int) const override { return plan_.window.indices(); }
  int extra_nfe() const override { return plan_.passes * plan_.window.size(); }

 private:
  AleatoricPlan plan_;
};

}  // namespace

Plugin<EstimatorFactory, const EstimatorContext&> aleatoric_estimator() {
  return make_plugin<EstimatorFactory, AleatoricOptions, const EstimatorContext&>(
      "aleatoric", "spread of the noise prediction under fresh re-noising (arXiv:2412.00205, Algorithm 1)",
      [](const AleatoricOptions& o, const EstimatorContext& context) -> std::unique_ptr<EstimatorFactory> {
        const Window window(o.first_index, o.last_index, context.n_steps);
        return std::make_unique<AleatoricFactory>(AleatoricPlan{o.passes, window, context.seed});
      });
}

}  // namespace alea
