#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "models/placement.h"
#include "run/device.h"
#include "run/sample_block.h"
#include "samplers/noise.h"
#include "tests/contract/small_models.h"
#include "tests/contract/toys.h"
#include "trajectory/trajectory.h"

namespace alea::test {
namespace {

constexpr Device kGpu{Device::Kind::cuda, 0};
constexpr int kSteps = 50;

/// Why there is no GPU to test on; empty where it is open. Asked before anything else touches the tensor library.
const std::string& why_not() {
  static const std::string reason = [] {
    try {
      open_device(kGpu);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::config) throw;
      return std::string(error.what());
    }
    return std::string();
  }();
  return reason;
}

template <class Base>
class OnGpu : public Base {
 protected:
  void SetUp() override {
    if (!why_not().empty()) GTEST_SKIP() << why_not();
  }
  static Placement gpu() { return placement_on(kGpu); }
};

using Cuda = OnGpu<::testing::Test>;
class CudaModels : public OnGpu<::testing::TestWithParam<std::string>> {};
class CudaSamplers : public OnGpu<::testing::TestWithParam<std::string>> {};
class CudaEstimators : public OnGpu<::testing::TestWithParam<std::string>> {};

/// Relative L2 of float32 networks and trajectories whose sums run in another order: 1e-6 an operator, some hundred of them.
constexpr double kNetworkTolerance = 1e-4;
/// Of scores: sums of squares of differences that are 1e-2 to 1e-3 of the answers they are taken from.
constexpr double kScoreTolerance = 1e-2;

void expect_close(const at::Tensor& there, const at::Tensor& here, double tolerance, const std::string& what) {
  ASSERT_EQ(there.defined(), here.defined()) << what;
  if (!here.defined()) return;
  const double error = (there.cpu() - here).to(at::kDouble).norm().item<double>(),
               size = here.to(at::kDouble).norm().item<double>();
  EXPECT_LE(error, tolerance * size) << what;
}

Prediction predict(const std::string& kind, const Placement& placement, bool dropout) {
  const auto model = small_model(kind, placement);
  const auto& spec = model->spec();
  const Ids ids{10, 11, 12, 13};
  const PhiloxStart start(3, spec.shape, spec.n_classes);
  const at::Tensor labels = start.labels(ids);
  const bool has_sites = dropout && !spec.dropout_sites.empty();
  return model->predict({.x = start.x(ids).to(spec.device),
                         .t = at::tensor(std::vector<float>{999, 500, 20, 0}).to(spec.device),
                         .labels = labels.defined() ? labels.to(spec.device) : labels,
                         .ids = ids,
                         .mode = has_sites ? Mode(DropoutMode{.seed = 5, .p = 0.3}) : Mode(PlainMode{})});
}

TEST_P(CudaModels, AgreeWithTheCpuAndRepeatToTheBit) {
  for (const bool dropout : {false, true}) {
    const Prediction here = predict(GetParam(), {}, dropout), there = predict(GetParam(), gpu(), dropout);
    EXPECT_TRUE(there.eps.is_cuda());
    expect_close(there.eps, here.eps, kNetworkTolerance, "eps");
    expect_close(there.x0, here.x0, kNetworkTolerance, "x0");
    expect_close(there.variance_fraction, here.variance_fraction, kNetworkTolerance, "variance_fraction");
    EXPECT_TRUE(at::equal(predict(GetParam(), gpu(), dropout).eps, there.eps));
  }
}

TEST_P(CudaModels, MakeTheSameImages) {
  const auto here = small_model(GetParam(), {}), there = small_model(GetParam(), gpu());
  const at::Tensor x = initial_noise(3, {1, 2}, here->spec().shape);
  expect_close(there->to_image(x.to(there->spec().device)), here->to_image(x), kNetworkTolerance, "image");
}

INSTANTIATE_TEST_SUITE_P(All, CudaModels, ::testing::ValuesIn(model_registry().names()),
                         [](const auto& info) { return info.param; });

at::Tensor toy_sample(const std::string& kind, const Placement& placement) {
  const auto denoiser = make(model_registry(), {{"kind", "toy_mixture"}, {"dropout", 0.1}}, placement);
  return run_trajectory(*denoiser, *sampler(kind, 12, *denoiser), {}, {3, 4, 5}, 1).sample;
}

TEST_P(CudaSamplers, AgreeWithTheCpuAndRepeatToTheBit) {
  const at::Tensor there = toy_sample(GetParam(), gpu());
  EXPECT_TRUE(there.is_cuda());
  expect_close(there, toy_sample(GetParam(), {}), kNetworkTolerance, "sample");
  EXPECT_TRUE(at::equal(toy_sample(GetParam(), gpu()), there));
}

INSTANTIATE_TEST_SUITE_P(All, CudaSamplers, ::testing::ValuesIn(sampler_registry().names()),
                         [](const auto& info) { return info.param; });

std::vector<UncertaintyOutput> toy_scores(const std::string& kind, const Placement& placement) {
  const auto denoiser = make(model_registry(), {{"kind", "toy_mixture"}, {"dropout", 0.1}}, placement);
  std::vector<std::unique_ptr<EstimatorFactory>> estimators;
  estimators.push_back(estimator(kind, kSteps, *denoiser));
  return run_trajectory(*denoiser, *sampler("ddim", kSteps, *denoiser), estimators, {3, 4, 5}, 1).outputs;
}

TEST_P(CudaEstimators, AgreeWithTheCpuAndRepeatToTheBit) {
  const auto here = toy_scores(GetParam(), {}), there = toy_scores(GetParam(), gpu()), again = toy_scores(GetParam(), gpu());
  ASSERT_EQ(there.size(), here.size());
  for (std::size_t i = 0; i < here.size(); ++i) {
    expect_close(there[i].step_scores, here[i].step_scores, kScoreTolerance, here[i].name);
    expect_close(there[i].map, here[i].map, kScoreTolerance, here[i].name + " map");
    EXPECT_TRUE(at::equal(again[i].step_scores, there[i].step_scores)) << here[i].name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, CudaEstimators, ::testing::ValuesIn(estimator_registry().names()),
                         [](const auto& info) { return info.param; });

TEST_F(Cuda, StartNoiseIsThatOfTheCpuToTheBit) {
  const at::Tensor here = initial_noise(4, {7, 8, 1'000'000'007}, {3, 32, 32});
  EXPECT_TRUE(at::equal(here.to(gpu().device).cpu(), here));
  const auto denoiser = make(model_registry(), {{"kind", "toy_gaussian"}}, gpu());
  const auto started = sampler("ddim", 3, *denoiser)->start(initial_noise(4, {7}, denoiser->spec().shape).to(gpu().device), {7});
  EXPECT_TRUE(at::equal(started->next()->x.cpu(), initial_noise(4, {7}, denoiser->spec().shape)));
}

TEST_F(Cuda, ComputesInFullFloat32AndDeterministically) {
  const Json numerics = numerics_of(kGpu);
  EXPECT_EQ(numerics["device"], "cuda");
  EXPECT_EQ(numerics["tf32"], false);
  EXPECT_EQ(numerics["deterministic"], true);
  EXPECT_TRUE(numerics["gpu"].is_string());
  EXPECT_FALSE(at::globalContext().benchmarkCuDNN());
}

/// The demo's first images, with the embedded network.
ArrayMap demo_block(const Placement& placement) {
  const fs::path config = fs::path(ALEA_SOURCE_DIR) / "protocols/configs/demo.fmnist.json";
  Plan plan = resolve_config(read_json_file(config), config.string()).protocol->plan();
  plan.block = plan.micro_batch = 8;
  return BlockSampler(plan, placement).sample({0, 0, 8});
}

TEST_F(Cuda, TheDemoRepeatsToTheBitAndItsImagesAreWithinAGreyLevelOfTheCpus) {
  const ArrayMap here = demo_block({}), there = demo_block(gpu()), again = demo_block(gpu());
  for (const auto& [name, array] : there) EXPECT_EQ(array.bytes, again.at(name).bytes) << name;
  const auto a = here.at("images").as<std::uint8_t>(), b = there.at("images").as<std::uint8_t>();
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_LE(std::abs(int{a[i]} - int{b[i]}), 1) << i;
}

}  // namespace
}  // namespace alea::test
