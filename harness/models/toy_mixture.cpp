#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>

#include "models/models.h"
#include "models/toy.h"

namespace alea {
namespace {

struct MixtureOptions {
  int channels = 1, height = 8, width = 8;
  double weight = 0.3;
  double mean_1 = -0.6, mean_2 = 0.5;
  double std_1 = 0.1, std_2 = 0.2;
  double dropout = 0;
};

}  // namespace

template <>
struct Fields<MixtureOptions> {
  static auto table() {
    using O = MixtureOptions;
    return std::tuple{field("channels", &O::channels, "of the samples").range(1, 4096),
                      field("height", &O::height, "of the samples").range(1, 4096),
                      field("width", &O::width, "of the samples").range(1, 4096),
                      field("weight", &O::weight, "of the first component; the second has the rest").range(1e-6, 1 - 1e-6),
                      field("mean_1", &O::mean_1, "mean of the first component").range(-1e3, 1e3),
                      field("mean_2", &O::mean_2, "mean of the second component").range(-1e3, 1e3),
                      field("std_1", &O::std_1, "standard deviation of the first component").range(1e-6, 1e3),
                      field("std_2", &O::std_2, "standard deviation of the second component").range(1e-6, 1e3),
                      field("dropout", &O::dropout, "of the input, in DropoutMode; 0 = none").range(0, 0.999)};
  }
};

namespace {

/// Data sum_k w_k N(m_k, s_k^2): x_t has the components N(sqrt(alpha_bar) m_k, v_k) with v_k = alpha_bar s_k^2 + 1 - alpha_bar,
/// and eps = -sqrt(1-alpha_bar) d/dx log q_t(x) = sqrt(1-alpha_bar) sum_k r_k (x - sqrt(alpha_bar) m_k) / v_k
/// with the responsibilities r_k, whose derivative is that of a logistic function of the two log densities.
ElementNoise mixture_eps(double x, double alpha_bar, const MixtureOptions& o) {
  const double weight[2] = {o.weight, 1 - o.weight}, mean[2] = {o.mean_1, o.mean_2}, std[2] = {o.std_1, o.std_2};
  double slope[2], log_density[2], curvature[2];
  for (int k = 0; k < 2; ++k) {
    const double v = alpha_bar * std[k] * std[k] + 1 - alpha_bar;
    const double offset = x - std::sqrt(alpha_bar) * mean[k];
    slope[k] = offset / v;
    curvature[k] = 1 / v;
    log_density[k] = std::log(weight[k]) - 0.5 * std::log(v) - 0.5 * offset * offset / v;
  }
  const double r_1 = 1 / (1 + std::exp(std::min(log_density[1] - log_density[0], 700.0)));
  const double r_2 = 1 - r_1, gap = slope[0] - slope[1], sigma = std::sqrt(1 - alpha_bar);
  return {sigma * (r_1 * slope[0] + r_2 * slope[1]), sigma * (r_1 * curvature[0] + r_2 * curvature[1] - r_1 * r_2 * gap * gap)};
}

class ToyMixture : public Denoiser {
 public:
  ToyMixture(const MixtureOptions& options, const Placement& placement)
      : options_(options),
        compute_(placement.compute),
        schedule_(ScheduleOptions{}),
        spec_(toy_spec("toy_mixture", {options.channels, options.height, options.width}, options.dropout, placement)) {}

  const DenoiserSpec& spec() const override { return spec_; }
  const NoiseSchedule& schedule() const override { return schedule_; }
  std::optional<LastLayer> last_layer() const override { return identity_layer(spec_); }

  Prediction predict(const Batch& batch) override {
    return predict_elements(batch, spec_, schedule_, compute_,
                            [this](double x, double alpha_bar) { return mixture_eps(x, alpha_bar, options_); });
  }

 private:
  MixtureOptions options_;
  at::ScalarType compute_;
  NoiseSchedule schedule_;
  DenoiserSpec spec_;
};

}  // namespace

ModelPlugin toy_mixture_model() {
  return make_plugin<Denoiser, MixtureOptions, const Placement&>(
      "toy_mixture", "exact denoiser of independent elements from a mixture of two Gaussians; needs no weights",
      [](const MixtureOptions& options, const Placement& placement) -> std::unique_ptr<Denoiser> {
        return std::make_unique<ToyMixture>(options, placement);
      });
}

}  // namespace alea
