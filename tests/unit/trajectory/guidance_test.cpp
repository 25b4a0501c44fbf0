#include "uncertainty/guidance.h"

#include <ATen/Parallel.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "tests/unit/trajectory/recorder.h"
#include "tests/unit/uncertainty/guided_step.h"
#include "trajectory/trajectory.h"

namespace alea {
namespace {

using test::all_three;
using test::code_of;
using test::ddim;
using test::Estimators;
using test::guidance;
using test::Recorder;

constexpr int kSteps = 6;

TrajectoryResult guided(Denoiser& denoiser, const Json& config, const Ids& ids, const Estimators& estimators = {}) {
  const auto guide = guidance(config, denoiser, kSteps);
  const auto& spec = denoiser.spec();
  return run_trajectory(denoiser, *ddim(denoiser, kSteps), estimators, ids, PhiloxStart(3, spec.shape, spec.n_classes), true,
                        guide.get());
}

TEST(GuidedTrajectory, LambdaZeroGivesTheUnguidedBits) {
  const Ids ids{1, 2, 5};
  Recorder denoiser;
  const auto estimators = all_three(kSteps, 2, 4);
  const auto without = run_trajectory(denoiser, *ddim(denoiser, kSteps), estimators, ids, 3);
  const auto with = guided(denoiser, {{"lambda", 0}}, ids, estimators), moved = guided(denoiser, {}, ids, estimators);
  EXPECT_TRUE(at::equal(with.sample, without.sample));
  EXPECT_FALSE(at::equal(moved.sample, without.sample));
  for (std::size_t i = 0; i < without.outputs.size(); ++i)
    EXPECT_TRUE(at::equal(with.outputs[i].step_scores, without.outputs[i].step_scores)) << without.outputs[i].name;
  EXPECT_EQ(with.outputs.at(without.outputs.size()).name, "guidance.ratio");
}

TEST(GuidedTrajectory, CountsABackwardAsTwoForwards) {
  const Ids ids{1, 2, 5, 6};
  Recorder denoiser;
  const Json config{{"passes", 3}, {"first_index", 1}, {"last_index", 2}};
  const auto result = guided(denoiser, config, ids);
  EXPECT_EQ(result.cost.base_nfe, 6u);
  EXPECT_EQ(result.cost.extra_nfe, 0u);
  EXPECT_EQ(result.cost.guide_nfe, 2u * (3 + 2 * 3));
  EXPECT_EQ(result.cost.guide_nfe, static_cast<std::uint64_t>(guidance(config, denoiser, kSteps)->nfe()));
  EXPECT_EQ(denoiser.rows(), ids.size() * (6 + 2 * 3));
  EXPECT_EQ(result.cost.padded, 0u);
}

void expect_rows(const TrajectoryResult& all, std::int64_t first, const TrajectoryResult& part) {
  const std::int64_t count = part.sample.size(0);
  EXPECT_TRUE(at::equal(all.sample.narrow(0, first, count), part.sample));
  for (std::size_t i = 0; i < part.outputs.size(); ++i)
    EXPECT_TRUE(at::equal(all.outputs[i].step_scores.narrow(0, first, count), part.outputs[i].step_scores))
        << part.outputs[i].name;
}

TEST(GuidedTrajectory, AnImageDependsOnItsIdAlone) {
  const auto denoiser = test::small_mixture();
  expect_rows(guided(*denoiser, {}, {1, 2, 5, 6}), 2, guided(*denoiser, {}, {5, 6}));
}

/// 16 rows: with fewer, torch's 1x1 convolutions of so small a network have other bits on two threads even without a gradient.
TEST(GuidedTrajectory, NeitherBatchNorThreadsChangeANetworksBits) {
  test::SmallUnet unet(at::kFloat);
  const Json config{{"passes", 3}, {"first_index", 4}};
  Ids ids = consecutive_ids(32);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = guided(unet, config, ids);
  at::set_num_threads(2);
  const auto two = guided(unet, config, ids);
  ids.erase(ids.begin(), ids.begin() + 16);
  const auto half = guided(unet, config, ids);
  at::set_num_threads(threads);
  expect_rows(one, 0, two);
  expect_rows(one, 16, half);
}

/// Says the clean image too, as networks of v and of x0 do.
class WithCleanImage : public Recorder {
 public:
  Prediction predict(const Batch& batch) override {
    Prediction out = Recorder::predict(batch);
    const NoiseLevel level = schedule().level({batch.t[0].item<double>()});
    out.x0 = predict_x0(batch.x.detach(), out.eps.detach(), level);
    return out;
  }
};

TEST(GuidedTrajectory, ACleanImageSaidApartMovesAlong) {
  Recorder plain;
  WithCleanImage talkative;
  const at::Tensor a = guided(plain, {}, {4, 7}).sample, b = guided(talkative, {}, {4, 7}).sample;
  EXPECT_LT((a - b).abs().max().item<float>(), 1e-5);
}

class WithoutGraph : public Recorder {
 public:
  Prediction predict(const Batch& batch) override { return {Recorder::predict(batch).eps.detach()}; }
};

TEST(GuidedTrajectory, RefusesANetworkWithoutGradients) {
  WithoutGraph denoiser;
  EXPECT_EQ(code_of([&] { guided(denoiser, {}, {4, 7}); }), ErrorCode::config);
  EXPECT_NO_THROW(guided(denoiser, {{"action", "random_sign"}}, {4, 7}));
}

/// In the direction of ascent each step's eps leads to a larger U at that step.
TEST(GuidedTrajectory, AscentEndsInMoreUncertaintyThanDescent) {
  Recorder denoiser;
  const Ids ids{0, 1, 2, 3, 4, 5, 6, 7};
  const auto total = [&](const char* direction) {
    const Json config{{"direction", direction}, {"lambda", 0.3}, {"mask", "all"}};
    return guided(denoiser, config, ids).outputs.at(1).step_scores.narrow(1, 1, kSteps - 1).sum().item<double>();
  };
  EXPECT_GT(total("ascent"), total("descent"));
}

}  // namespace
}  // namespace alea
