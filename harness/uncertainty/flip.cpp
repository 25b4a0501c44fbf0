#include <ATen/TensorOperators.h>
#include <ATen/ops/flip.h>

#include "core/error.h"
#include "uncertainty/estimators.h"
#include "uncertainty/moments.h"

namespace alea {
namespace {

struct FlipOptions {
  int first_index = 45;
  int last_index = 48;
  std::string input = "x0";
};

}  // namespace

template <>
struct Fields<FlipOptions> {
  static auto table() {
    using O = FlipOptions;
    return std::tuple{field("first_index", &O::first_index, "first solver index of the window, 0 = noisiest").range(0, 999),
                      field("last_index", &O::last_index, "last solver index of the window, inclusive").range(0, 999),
                      field("input", &O::input, "what is flipped: the clean image, as the released code has it, or x_t itself")
                          .one_of({"x0", "x_t"})};
  }
};

namespace {

struct FlipPlan {
  Window window;
  bool clean;
  Codec codec;
};

/// (e - flip(eps(flip(x0), t)))^2: how much the prediction depends on which way up the image is.
class Flip : public Estimator {
 public:
  Flip(const FlipPlan& plan, std::int64_t n_images) : plan_(plan), sums_("flip.centred", n_images, plan.window) {}

  std::vector<Query> rows(const StepView& step) override {
    if (!plan_.window.column(step.index)) return {};
    return {{.x = upside_down(plan_.clean ? step.x0 : step.x), .t = step.t, .ids = *step.ids}};
  }

  void consume(const StepView& step, std::span<const Prediction> answers) override {
    const auto column = plan_.window.column(step.index);
    if (!column) return;
    ALEA_CHECK(answers.size() == 1, "{} answers to one query", answers.size());
    const at::Tensor difference = upside_down(answers.front().eps).to(at::kDouble) - step.eps.to(at::kDouble);
    sums_.add(*column, difference * difference);
  }

  bool needed_before_advance() const override { return false; }
  std::vector<UncertaintyOutput> outputs() const override { return {sums_.output()}; }

 private:
  /// Of the image: folded rows lie in channels too.
  at::Tensor upside_down(const at::Tensor& x) const {
    return fold_from_image(at::flip(unfold_to_image(x, plan_.codec), 2), plan_.codec).contiguous();
  }

  FlipPlan plan_;
  WindowSums sums_;
};

class FlipFactory : public EstimatorFactory {
 public:
  explicit FlipFactory(const FlipPlan& plan) : plan_(plan) {}

  std::unique_ptr<Estimator> start(const Ids& ids) const override {
    return std::make_unique<Flip>(plan_, static_cast<std::int64_t>(ids.size()));
  }
  std::vector<std::string> statistics() const override { return {"flip.centred"}; }
  std::vector<SolverIndex> window(int) const override { return plan_.window.indices(); }
  int extra_nfe() const override { return plan_.window.size(); }

 private:
  FlipPlan plan_;
};

}  // namespace

Plugin<EstimatorFactory, const EstimatorContext&> flip_estimator() {
  return make_plugin<EstimatorFactory, FlipOptions, const EstimatorContext&>(
      "flip", "squared difference of the noise prediction for the image upside down",
      [](const FlipOptions& o, const EstimatorContext& context) -> std::unique_ptr<EstimatorFactory> {
        const Codec codec = context.model == nullptr ? Codec{} : context.model->spec().codec;
        return std::make_unique<FlipFactory>(
            FlipPlan{Window(o.first_index, o.last_index, context.n_steps), o.input == "x0", codec});
      });
}

}  // namespace alea
