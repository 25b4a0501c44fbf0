#include <ATen/TensorOperators.h>
#include <ATen/ops/log1p.h>
#include <ATen/ops/stack.h>

#include "uncertainty/laplace_options.h"
#include "uncertainty/moments.h"

namespace alea {
namespace {

struct GenerativeOptions : LaplaceOptions {
  int companions = 5;
  double likelihood_variance = 1e-3;
};

}  // namespace

template <>
struct Fields<GenerativeOptions> {
  static auto table() {
    using O = GenerativeOptions;
    return std::tuple_cat(
        laplace_fields<O>(),
        std::tuple{
            field("companions", &O::companions, "M, layers drawn: each makes a whole image of the same start").range(2, 1000),
            field("likelihood_variance", &O::likelihood_variance, "of a pixel about its image, for the entropy")
                .range(1e-12, 1e12)});
  }
};

namespace {

/// The step of draws that hold along a whole trajectory: none of a sampler's indices.
constexpr std::uint32_t kWholeTrajectory = 65535;

struct GenerativePlan {
  int companions = 0;
  double likelihood_variance = 0;
  int sampler_nfe = 0;
  std::vector<LastLayer> layers{};  ///< what each companion's last layer differs from the trained one by; empty before loading
};

/// Generative uncertainty (arXiv:2502.20946) in the space of the images: how much what is made of one start differs between
/// networks drawn from the posterior, each held fixed along its trajectory.
class Generative : public Estimator {
 public:
  explicit Generative(std::shared_ptr<const GenerativePlan> plan) : plan_(std::move(plan)) {}

  std::vector<Query> rows(const StepView&) override { return {}; }
  void consume(const StepView&, std::span<const Prediction>) override {}
  bool needed_before_advance() const override { return false; }

  int companions() const override { return plan_->companions; }
  Want companion_want() const override { return {.last_layer_input = true}; }
  at::Tensor companion_eps(int companion, const Prediction& answer) const override {
    return (answer.eps + evaluate_last_layer(plan_->layers[companion], answer.last_layer_input)).to(at::kFloat);
  }
  void consume_companions(std::span<const at::Tensor> samples) override {
    std::vector<at::Tensor> doubles;
    for (const at::Tensor& sample : samples) doubles.push_back(sample.to(at::kDouble));
    variance_ = at::stack(doubles).var(0, /*unbiased=*/true);
  }

  std::vector<UncertaintyOutput> outputs() const override {
    ALEA_CHECK(variance_.defined(), "generative: outputs before the companions have finished");
    return {output("generative.variance", variance_),
            output("generative.entropy", at::log1p(variance_ / plan_->likelihood_variance) / 2)};
  }

 private:
  static UncertaintyOutput output(const std::string& name, const at::Tensor& map) {
    return {name, sum_per_image(map).unsqueeze(1), map.to(at::kFloat).cpu()};
  }

  std::shared_ptr<const GenerativePlan> plan_;
  at::Tensor variance_;
};

class GenerativeFactory : public EstimatorFactory {
 public:
  explicit GenerativeFactory(GenerativePlan plan) : plan_(std::make_shared<const GenerativePlan>(std::move(plan))) {}

  std::unique_ptr<Estimator> start(const Ids&) const override {
    ALEA_CHECK(!plan_->layers.empty(), "generative: made without a model, so it can't run one");
    return std::make_unique<Generative>(plan_);
  }
  std::vector<std::string> statistics() const override { return {"generative.variance", "generative.entropy"}; }
  std::vector<SolverIndex> window(int) const override { return {}; }
  int extra_nfe() const override { return plan_->companions * plan_->sampler_nfe; }

 private:
  std::shared_ptr<const GenerativePlan> plan_;
};

GenerativePlan plan_of(const GenerativeOptions& options, const EstimatorContext& context) {
  GenerativePlan plan{.companions = options.companions,
                      .likelihood_variance = options.likelihood_variance,
                      .sampler_nfe = context.sampler == nullptr ? context.n_steps : context.sampler->nfe()};
  const DrawKey key{.seed = context.seed, .stream = Stream::laplace, .step = kWholeTrajectory};
  if (const auto posterior = posterior_for(options, context))
    for (int k = 0; k < options.companions; ++k) plan.layers.push_back(posterior->draw(key, k));
  return plan;
}

}  // namespace

Plugin<EstimatorFactory, const EstimatorContext&> generative_estimator() {
  return make_laplace_plugin<GenerativeOptions>(
      "generative", "spread of whole images between networks with last layers drawn from a Laplace fit (arXiv:2502.20946)",
      [](const GenerativeOptions& options, const EstimatorContext& context) -> std::unique_ptr<EstimatorFactory> {
        return std::make_unique<GenerativeFactory>(plan_of(options, context));
      });
}

}  // namespace alea
