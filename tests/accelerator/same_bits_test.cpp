#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "models/nn/kernels.h"
#include "samplers/noise.h"
#include "tests/accelerator/device.h"
#include "tests/contract/small_models.h"
#include "tests/contract/toys.h"
#include "trajectory/trajectory.h"

namespace alea::test {
namespace {

constexpr int kSteps = 50;

void expect_same_bits(const at::Tensor& there, const at::Tensor& here, const std::string& what) {
  ASSERT_EQ(there.defined(), here.defined()) << what;
  if (!here.defined()) return;
  EXPECT_TRUE(at::equal(there.cpu(), here)) << what << ": " << (there.cpu() - here).abs().max().item<double>();
}

Batch batch_for(const DenoiserSpec& spec, const Mode& mode) {
  const Ids ids{10, 11, 12, 13};
  const PhiloxStart start(3, spec.shape, spec.n_classes);
  const at::Tensor labels = start.labels(ids);
  return {.x = start.x(ids).to(spec.device),
          .t = at::tensor(std::vector<float>{999, 500, 20, 0}).to(spec.device),
          .labels = labels.defined() ? labels.to(spec.device) : labels,
          .ids = ids,
          .mode = mode};
}

class OnAccelerator : public ::testing::TestWithParam<std::string> {
 protected:
  const nn::PortableKernels portable_;
};

class Models : public OnAccelerator {
 protected:
  const std::unique_ptr<Denoiser> here_ = small_model(GetParam(), {}),
                                  there_ = small_model(GetParam(), {.device = accelerator()});
};

TEST_P(Models, PredictTheBitsOfPortableKernelsOnTheCpu) {
  std::vector<Mode> modes{PlainMode{}};
  if (!here_->spec().dropout_sites.empty()) modes.push_back(DropoutMode{.seed = 5, .p = 0.3, .attention_sites = true});
  for (const Mode& mode : modes) {
    const Prediction here = here_->predict(batch_for(here_->spec(), mode)),
                     there = there_->predict(batch_for(there_->spec(), mode));
    EXPECT_EQ(there.eps.device(), accelerator());
    expect_same_bits(there.eps, here.eps, "eps");
    expect_same_bits(there.variance_fraction, here.variance_fraction, "variance_fraction");
    expect_same_bits(there.x0, here.x0, "x0");
  }
}

TEST_P(Models, MakeTheSameImages) {
  const at::Tensor here = batch_for(here_->spec(), PlainMode{}).x, there = here.to(accelerator());
  expect_same_bits(there_->to_image(there), here_->to_image(here), "image");
  expect_same_bits(there_->map_to_image(there), here_->map_to_image(here), "map");
}

INSTANTIATE_TEST_SUITE_P(All, Models, ::testing::ValuesIn(model_registry().names()), [](const auto& info) { return info.param; });

class Samplers : public OnAccelerator {};

TEST_P(Samplers, EndInTheBitsOfTheCpu) {
  const auto sample = [](const Placement& placement) {
    const auto denoiser = small_model("adm_unet", placement);
    return run_trajectory(*denoiser, *sampler(GetParam(), 10, *denoiser), {}, {3, 4, 5, 6}, 1).sample;
  };
  const at::Tensor there = sample({.device = accelerator()});
  EXPECT_EQ(there.device(), accelerator());
  expect_same_bits(there, sample({}), "sample");
}

INSTANTIATE_TEST_SUITE_P(All, Samplers, ::testing::ValuesIn(sampler_registry().names()),
                         [](const auto& info) { return info.param; });

class Estimators : public OnAccelerator {};

TEST_P(Estimators, ScoreWithTheBitsOfTheCpu) {
  const auto outputs = [](const Placement& placement) {
    const auto denoiser = small_model("ddpm_unet", placement);
    std::vector<std::unique_ptr<EstimatorFactory>> estimators;
    estimators.push_back(estimator(GetParam(), kSteps, *denoiser));
    return run_trajectory(*denoiser, *sampler("ddim", kSteps, *denoiser), estimators, {3, 4, 5, 6}, 1).outputs;
  };
  const auto here = outputs({}), there = outputs({.device = accelerator()});
  ASSERT_EQ(there.size(), here.size());
  for (std::size_t i = 0; i < here.size(); ++i) {
    expect_same_bits(there[i].step_scores, here[i].step_scores, here[i].name + " scores");
    expect_same_bits(there[i].map, here[i].map, here[i].name + " map");
  }
}

INSTANTIATE_TEST_SUITE_P(All, Estimators, ::testing::ValuesIn(estimator_registry().names()),
                         [](const auto& info) { return info.param; });

TEST(Trajectory, StartsOnTheDeviceOfTheNetworkFromTheCpusNoise) {
  /// Keeps the first x that it is asked about.
  class First : public Denoiser {
   public:
    First() {
      spec_.kind = "first";
      spec_.shape = {1, 2, 3};
      spec_.device = accelerator();
    }
    const DenoiserSpec& spec() const override { return spec_; }
    const NoiseSchedule& schedule() const override { return schedule_; }
    Prediction predict(const Batch& batch) override {
      if (!seen.defined()) seen = batch.x;
      return {batch.x * 0.5};
    }
    at::Tensor seen;

   private:
    DenoiserSpec spec_;
    NoiseSchedule schedule_{ScheduleOptions{}};
  };
  First first;
  run_trajectory(first, *sampler("ddim", 3, first), {}, {7, 8}, 4);
  EXPECT_EQ(first.seen.device(), accelerator());
  expect_same_bits(first.seen, initial_noise(4, {7, 8}, first.spec().shape), "x_T");
}

}  // namespace
}  // namespace alea::test
