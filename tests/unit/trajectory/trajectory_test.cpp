#include "trajectory/trajectory.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "models/models.h"
#include "samplers/samplers.h"
#include "tests/support/plugins.h"
#include "tests/unit/trajectory/recorder.h"
#include "uncertainty/estimators.h"

namespace alea {
namespace {

using test::all_three;
using test::code_of;
using test::ddim;
using test::estimator;
using test::Estimators;
using test::make;
using test::Recorder;

void expect_equal(const TrajectoryResult& a, const TrajectoryResult& b) {
  EXPECT_TRUE(at::equal(a.sample, b.sample));
  ASSERT_EQ(a.outputs.size(), b.outputs.size());
  for (std::size_t i = 0; i < a.outputs.size(); ++i) {
    EXPECT_EQ(a.outputs[i].name, b.outputs[i].name);
    EXPECT_TRUE(at::equal(a.outputs[i].step_scores, b.outputs[i].step_scores)) << a.outputs[i].name;
    ASSERT_EQ(a.outputs[i].map.defined(), b.outputs[i].map.defined());
    if (!a.outputs[i].map.defined()) continue;
    EXPECT_TRUE(at::equal(a.outputs[i].map, b.outputs[i].map)) << a.outputs[i].name;
  }
}

TEST(Trajectory, BitsAreEqualWithAndWithoutPacking) {
  const Ids ids{4, 5, 6, 9};
  for (const auto& [first, last] : {std::pair{0, 1}, {5, 8}, {7, 9}}) {
    Recorder packed, apart;
    const auto a = run_trajectory(packed, *ddim(packed, 10), all_three(10, first, last), ids, 2, true);
    const auto b = run_trajectory(apart, *ddim(apart, 10), all_three(10, first, last), ids, 2, false);
    expect_equal(a, b);
    EXPECT_EQ(packed.rows(), apart.rows());
    for (const Recorder* recorder : {&packed, &apart})
      for (const Batch& call : recorder->calls) EXPECT_EQ(call.ids.size(), ids.size());
    for (const auto& cost : {a.cost, b.cost}) {
      EXPECT_EQ(cost.base_nfe, 10u);
      EXPECT_EQ(cost.extra_nfe, 3u * (last - first + 1));
      EXPECT_EQ(cost.padded, 0u);
    }
  }
}

TEST(Trajectory, EstimatorsThatOnlyWatchDontChangeTheSample) {
  const Ids ids{1, 2};
  Recorder watched, alone;
  EXPECT_TRUE(at::equal(run_trajectory(watched, *ddim(watched, 8), all_three(8, 2, 6), ids, 3).sample,
                        run_trajectory(alone, *ddim(alone, 8), {}, ids, 3).sample));
  EXPECT_EQ(alone.calls.size(), 8u);
}

/// Asks for some rows only, with some modes, and keeps what it gets; the score is the sum of what it got.
class Picky : public Estimator {
 public:
  struct Plan {
    std::vector<std::int64_t> places;
    std::vector<Mode> modes;
    bool before_advance = false;
    std::vector<std::string>* diary = nullptr;
  };

  Picky(Plan plan, std::size_t n_images) : plan_(std::move(plan)), n_images_(n_images) {}

  std::vector<Query> rows(const StepView& step) override {
    note("rows", step);
    std::vector<Query> out;
    if (step.index.value % 2 == 1) return out;
    for (const Mode& mode : plan_.modes) {
      Ids ids;
      for (const auto place : plan_.places) ids.push_back((*step.ids)[place]);
      out.push_back({.x = at::index_select(step.x, 0, at::tensor(plan_.places)) * 0.5, .t = step.t, .ids = ids, .mode = mode});
    }
    asked_ = out;
    return out;
  }

  void consume(const StepView& step, std::span<const Prediction> answers) override {
    note("consume", step);
    EXPECT_EQ(answers.size(), step.index.value % 2 == 1 ? 0u : plan_.modes.size());
    for (std::size_t i = 0; i < answers.size(); ++i) {
      ASSERT_EQ(answers[i].eps.sizes(), asked_[i].x.sizes());
      got_.push_back(answers[i].eps);
    }
  }

  bool needed_before_advance() const override { return plan_.before_advance; }

  std::vector<UncertaintyOutput> outputs() const override {
    at::Tensor sums = at::tensor(std::vector<double>(n_images_, 0.0)).unsqueeze(1);
    for (const auto& eps : got_)
      for (std::size_t i = 0; i < plan_.places.size(); ++i) sums[plan_.places[i]] += eps[i].to(at::kDouble).sum();
    return {{"picky", sums, {}}};
  }

 private:
  void note(const char* what, const StepView& step) {
    if (plan_.diary) plan_.diary->push_back(what + std::to_string(step.index.value));
  }

  Plan plan_;
  std::size_t n_images_;
  std::vector<Query> asked_;
  std::vector<at::Tensor> got_;
};

class PickyFactory : public EstimatorFactory {
 public:
  explicit PickyFactory(Picky::Plan plan) : plan_(std::move(plan)) {}
  std::unique_ptr<Estimator> start(const Ids& ids) const override { return std::make_unique<Picky>(plan_, ids.size()); }
  std::vector<std::string> statistics() const override { return {"picky"}; }
  std::vector<SolverIndex> window(int) const override { return {}; }
  int extra_nfe() const override { return 0; }

 private:
  Picky::Plan plan_;
};

Estimators picky(Picky::Plan plan) {
  Estimators out;
  out.push_back(std::make_unique<PickyFactory>(std::move(plan)));
  return out;
}

TEST(Trajectory, RowsOfSeveralQueriesShareCallsAndOnlyTheLastIsPadded) {
  const Ids ids{0, 1, 2, 3};
  const Picky::Plan plan{.places = {3, 1, 0}, .modes = {PlainMode{}, PlainMode{}}};
  Recorder packed, apart;
  const auto a = run_trajectory(packed, *ddim(packed, 4), picky(plan), ids, 2, true);
  const auto b = run_trajectory(apart, *ddim(apart, 4), picky(plan), ids, 2, false);
  expect_equal(a, b);
  EXPECT_GT(a.outputs[0].step_scores[3][0].item<double>(), -1e9);
  // Steps 0 and 2 ask 6 rows each, which ride with the 4 of the next step: 10 rows in 3 calls, 2 copies.
  EXPECT_EQ(packed.calls.size(), 2u + 2 * 3);
  EXPECT_EQ(a.cost.padded, 4u);
  EXPECT_EQ(apart.calls.size(), 4u + 2 * 2);
  EXPECT_EQ(b.cost.padded, 4u);
  EXPECT_EQ(a.cost.extra_nfe, 3u);
  EXPECT_EQ(packed.rows() - a.cost.padded, apart.rows() - b.cost.padded);
  const Batch& mixed = packed.calls.at(3);
  EXPECT_EQ(mixed.ids, (Ids{1, 0, 0, 0}));  // the end of the second query, its last row copied
  EXPECT_TRUE(at::equal(mixed.t, at::tensor(std::vector<float>(4, 750))));
  EXPECT_TRUE(at::equal(mixed.x[3], mixed.x[1]));
}

TEST(Trajectory, OneCallMayHoldRowsOfTwoTimes) {
  const Ids ids{0, 1, 2};
  const Picky::Plan plan{.places = {1}, .modes = {PlainMode{}, PlainMode{}, PlainMode{}, PlainMode{}}};
  Estimators two = picky(plan);
  two.push_back(std::make_unique<PickyFactory>(Picky::Plan{.places = {0, 2}, .modes = {PlainMode{}}}));
  Recorder packed, apart;
  expect_equal(run_trajectory(packed, *ddim(packed, 3), two, ids, 2, true),
               run_trajectory(apart, *ddim(apart, 3), two, ids, 2, false));
  EXPECT_EQ(packed.calls.at(1).ids, ids);  // the base rows of step 1 come first
  EXPECT_EQ(packed.calls.at(2).ids, (Ids{1, 1, 1}));
  EXPECT_EQ(packed.calls.at(3).ids, (Ids{1, 0, 2}));
}

TEST(Trajectory, ModesNeverShareACall) {
  const Ids ids{0, 1, 2, 3};
  const DropoutMode first{.pass = 0}, second{.pass = 1};
  const Picky::Plan plan{.places = {0, 1}, .modes = {first, PlainMode{}, second, first}};
  Recorder packed, apart;
  expect_equal(run_trajectory(packed, *ddim(packed, 2), picky(plan), ids, 2, true),
               run_trajectory(apart, *ddim(apart, 2), picky(plan), ids, 2, false));
  // Step 0's base; then step 1's base with the plain rows (6 rows, 2 calls), both of `first` together, `second` padded.
  std::vector<Mode> modes;
  for (const Batch& call : packed.calls) modes.push_back(call.mode);
  EXPECT_EQ(modes, (std::vector<Mode>{PlainMode{}, PlainMode{}, PlainMode{}, first, second}));
}

TEST(Trajectory, APassOfDropoutIsAWholeCall) {
  const Ids ids{0, 1, 2};
  Recorder denoiser;
  Estimators estimators;
  const Json config = {{"kind", "mc_dropout"}, {"passes", 4}, {"first_index", 1}, {"last_index", 2}};
  estimators.push_back(estimator(config, 4, &denoiser));
  const auto cost = run_trajectory(denoiser, *ddim(denoiser, 4), estimators, ids, 2).cost;
  EXPECT_EQ(denoiser.calls.size(), 4u + 4 * 2);
  EXPECT_EQ(cost.extra_nfe, 8u);
  EXPECT_EQ(cost.padded, 0u);
}

TEST(Trajectory, RefusesModesOfANetworkWithoutSites) {
  Recorder without({{"kind", "toy_mixture"}, {"height", 3}, {"width", 5}});
  for (const Mode& mode : {Mode{DropoutMode{}}, Mode{FeatureNoiseMode{}}})
    EXPECT_EQ(code_of([&] { run_trajectory(without, *ddim(without, 2), picky({{0}, {mode}}), {0, 1}, 2); }), ErrorCode::config);
}

TEST(Trajectory, AnswersComeBeforeTheAdvanceWhereTheyAreNeeded) {
  const Ids ids{0, 1};
  for (const bool pack : {true, false}) {
    for (const bool before : {true, false}) {
      std::vector<std::string> diary;
      Recorder denoiser;
      run_trajectory(denoiser, *ddim(denoiser, 3), picky({{0, 1}, {PlainMode{}}, before, &diary}), ids, 2, pack);
      EXPECT_EQ(diary, (std::vector<std::string>{"rows0", "consume0", "rows1", "consume1", "rows2", "consume2"}));
      std::vector<float> times;
      for (const Batch& call : denoiser.calls) times.push_back(call.t[0].item<float>());
      const std::vector<float> at_once{666, 666, 333, 0, 0}, riding{666, 333, 666, 0, 0};
      EXPECT_EQ(times, before || !pack ? at_once : riding);
    }
  }
}

TEST(Trajectory, NeedsAnId) {
  Recorder denoiser;
  EXPECT_EQ(code_of([&] { run_trajectory(denoiser, *ddim(denoiser, 2), {}, {}, 0); }), ErrorCode::usage);
}

}  // namespace
}  // namespace alea
