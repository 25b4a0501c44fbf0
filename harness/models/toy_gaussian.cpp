#include <ATen/TensorOperators.h>

#include <cmath>

#include "models/models.h"
#include "models/toy.h"

namespace alea {
namespace {

struct GaussianOptions {
  int channels = 1, height = 8, width = 8;
  double std = 0.5;
  double dropout = 0;
};

}  // namespace

template <>
struct Fields<GaussianOptions> {
  static auto table() {
    using O = GaussianOptions;
    return std::tuple{field("channels", &O::channels, "of the samples").range(1, 4096),
                      field("height", &O::height, "of the samples").range(1, 4096),
                      field("width", &O::width, "of the samples").range(1, 4096),
                      field("std", &O::std, "standard deviation of each element, mean 0").range(1e-6, 1e3),
                      field("dropout", &O::dropout, "of the input, in DropoutMode; 0 = none").range(0, 0.999)};
  }
};

namespace {

/// Data N(0, std^2): x_t is N(0, v) with v = alpha_bar std^2 + 1 - alpha_bar, and eps = -sqrt(1-alpha_bar) d/dx log q_t(x).
ElementNoise gaussian_eps(double x, double alpha_bar, double std) {
  const double v = alpha_bar * std * std + 1 - alpha_bar;
  return {std::sqrt(1 - alpha_bar) * x / v, std::sqrt(1 - alpha_bar) / v};
}

class ToyGaussian : public Denoiser {
 public:
  ToyGaussian(const GaussianOptions& options, const Placement& placement)
      : std_(options.std),
        compute_(placement.compute),
        schedule_(ScheduleOptions{}),
        spec_(toy_spec("toy_gaussian", {options.channels, options.height, options.width}, options.dropout, placement)) {}

  const DenoiserSpec& spec() const override { return spec_; }
  const NoiseSchedule& schedule() const override { return schedule_; }
  std::optional<LastLayer> last_layer() const override { return identity_layer(spec_); }

  Prediction predict(const Batch& batch) override {
    return predict_elements(batch, spec_, schedule_, compute_,
                            [this](double x, double alpha_bar) { return gaussian_eps(x, alpha_bar, std_); });
  }

 private:
  double std_;
  at::ScalarType compute_;
  NoiseSchedule schedule_;
  DenoiserSpec spec_;
};

}  // namespace

ModelPlugin toy_gaussian_model() {
  return make_plugin<Denoiser, GaussianOptions, const Placement&>(
      "toy_gaussian", "exact denoiser of independent Gaussian elements; needs no weights",
      [](const GaussianOptions& options, const Placement& placement) -> std::unique_ptr<Denoiser> {
        return std::make_unique<ToyGaussian>(options, placement);
      });
}

}  // namespace alea
