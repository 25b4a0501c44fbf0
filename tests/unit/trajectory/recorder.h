#pragma once

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "models/models.h"
#include "samplers/samplers.h"
#include "tests/support/plugins.h"
#include "uncertainty/estimators.h"

namespace alea::test {

/// Notes what the network was asked.
class Recorder : public Denoiser {
 public:
  explicit Recorder(const Json& config = {{"kind", "toy_mixture"}, {"height", 3}, {"width", 5}, {"dropout", 0.1}})
      : inner_(make(model_registry(), config)) {}

  const DenoiserSpec& spec() const override { return inner_->spec(); }
  const NoiseSchedule& schedule() const override { return inner_->schedule(); }
  Prediction predict(const Batch& batch) override {
    EXPECT_EQ(at::GradMode::is_enabled(), batch.want.graph);
    EXPECT_EQ(batch.x.size(0), static_cast<std::int64_t>(batch.ids.size()));
    calls.push_back(batch);
    return inner_->predict(batch);
  }

  std::uint64_t rows() const {
    std::uint64_t out = 0;
    for (const Batch& call : calls) out += call.ids.size();
    return out;
  }

  std::vector<Batch> calls;

 private:
  std::unique_ptr<Denoiser> inner_;
};

inline std::unique_ptr<SamplerFactory> ddim(const Denoiser& denoiser, int steps) {
  const SamplerContext context{denoiser.schedule(), 0};
  return make<SamplerFactory, const SamplerContext&>(sampler_registry(), {{"kind", "ddim"}, {"steps", steps}}, context);
}

using Estimators = std::vector<std::unique_ptr<EstimatorFactory>>;

inline std::unique_ptr<EstimatorFactory> estimator(const Json& config, int n_steps, const Denoiser* model = nullptr) {
  const EstimatorContext context{2, n_steps, model};
  return make<EstimatorFactory, const EstimatorContext&>(estimator_registry(), config, context);
}

inline Estimators all_three(int n_steps, int first, int last) {
  Estimators out;
  out.push_back(estimator({{"kind", "aleatoric"}, {"passes", 3}, {"first_index", first}, {"last_index", last}}, n_steps));
  out.push_back(estimator({{"kind", "random"}}, n_steps));
  out.push_back(estimator({{"kind", "eps_energy"}, {"first_index", first}, {"last_index", last}}, n_steps));
  return out;
}

}  // namespace alea::test
