#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "tests/unit/trajectory/recorder.h"
#include "trajectory/packer.h"
#include "trajectory/trajectory.h"

namespace alea {
namespace {

using test::all_three;
using test::ddim;
using test::Estimators;
using test::make;
using test::Recorder;

TEST(Trajectory, StartsAtTheNoiseOfTheIds) {
  const Ids ids{12, 3};
  Recorder denoiser;
  run_trajectory(denoiser, *ddim(denoiser, 2), {}, ids, 41);
  EXPECT_TRUE(at::equal(denoiser.calls.front().x, initial_noise(41, ids, denoiser.spec().shape)));
  EXPECT_EQ(denoiser.calls.front().ids, ids);
}

TEST(Trajectory, EveryRowCarriesTheClassOfItsId) {
  const Ids ids{12, 3, 7};
  Recorder denoiser;
  const auto& shape = denoiser.spec().shape;
  const PhiloxStart start(41, shape, 1000);
  run_trajectory(denoiser, *ddim(denoiser, 6), all_three(6, 2, 4), ids, start);
  for (const Batch& call : denoiser.calls) EXPECT_TRUE(at::equal(call.labels, start.labels(call.ids)));
  EXPECT_EQ(start.labels({7})[0].item<std::int64_t>(), start.labels(ids)[2].item<std::int64_t>());
  EXPECT_FALSE(at::equal(PhiloxStart(42, shape, 1000).labels(ids), start.labels(ids)));
  EXPECT_FALSE(PhiloxStart(41, shape, 0).labels(ids).defined());
}

TEST(Packer, RowsOfOneWantShareCallsAndGetWhatTheyWanted) {
  Recorder denoiser;
  const PhiloxStart start(1, denoiser.spec().shape, 0);
  Packer packer(denoiser, start, 2);
  const auto query = [&](SampleId id, bool wants) {
    return Query{
        .x = initial_noise(1, {id}, denoiser.spec().shape), .t = {500}, .ids = {id}, .want = {.last_layer_input = wants}};
  };
  const auto answers = packer.evaluate({query(1, false), query(2, true), query(3, false), query(4, true)});
  ASSERT_EQ(denoiser.calls.size(), 2u);
  EXPECT_EQ(denoiser.calls[0].ids, (Ids{1, 3}));
  EXPECT_FALSE(denoiser.calls[0].want.last_layer_input);
  EXPECT_EQ(denoiser.calls[1].ids, (Ids{2, 4}));
  EXPECT_TRUE(denoiser.calls[1].want.last_layer_input);
  EXPECT_FALSE(answers[0].last_layer_input.defined());
  EXPECT_TRUE(at::equal(answers[3].last_layer_input, answers[3].eps)) << "a toy ends in the identity";
}

/// Takes queries for the last layer's input and doesn't say it.
class Silent : public Recorder {
 public:
  Prediction predict(const Batch& batch) override { return {.eps = Recorder::predict(batch).eps}; }
};

TEST(Packer, RefusesANetworkThatKeepsItsLastLayersInput) {
  Silent denoiser;
  const PhiloxStart start(1, denoiser.spec().shape, 0);
  Packer packer(denoiser, start, 1);
  const Query query{
      .x = initial_noise(1, {1}, denoiser.spec().shape), .t = {500}, .ids = {1}, .want = {.last_layer_input = true}};
  EXPECT_EQ(test::code_of([&] { packer.evaluate({query}); }), ErrorCode::config);
}

/// Says a clean image, three times x, and a fraction of variance, x, that don't follow from eps.
class Talkative : public Recorder {
 public:
  Prediction predict(const Batch& batch) override {
    return {.eps = Recorder::predict(batch).eps, .variance_fraction = batch.x, .x0 = batch.x * 3};
  }
};

/// Keeps what the steps of one sampler look like.
class Onlooker : public Estimator {
 public:
  explicit Onlooker(std::vector<StepView>& views) : views_(views) {}
  std::vector<Query> rows(const StepView& step) override {
    views_.push_back(step);
    return {};
  }
  void consume(const StepView&, std::span<const Prediction>) override {}
  bool needed_before_advance() const override { return false; }
  std::vector<UncertaintyOutput> outputs() const override { return {}; }

 private:
  std::vector<StepView>& views_;
};

class OnlookerFactory : public EstimatorFactory {
 public:
  explicit OnlookerFactory(std::vector<StepView>& views) : views_(views) {}
  std::unique_ptr<Estimator> start(const Ids&) const override { return std::make_unique<Onlooker>(views_); }
  std::vector<std::string> statistics() const override { return {}; }
  std::vector<SolverIndex> window(int) const override { return {}; }
  int extra_nfe() const override { return 0; }

 private:
  std::vector<StepView>& views_;
};

TEST(Trajectory, AllThatANetworkSaysReachesTheSampler) {
  Talkative denoiser;
  std::vector<StepView> views;
  Estimators onlooker;
  onlooker.push_back(std::make_unique<OnlookerFactory>(views));
  const SamplerContext context{denoiser.schedule(), 0};
  const Json options = {{"kind", "ddpm"}, {"steps", 3}, {"variance", "learned"}, {"clip", false}};
  const auto factory = make<SamplerFactory, const SamplerContext&>(sampler_registry(), options, context);
  run_trajectory(denoiser, *factory, onlooker, {4, 9}, 1);
  ASSERT_EQ(views.size(), 3u);
  for (const StepView& view : views) EXPECT_TRUE(at::equal(view.x0, view.x * 3)) << view.index.value;
}

}  // namespace
}  // namespace alea
