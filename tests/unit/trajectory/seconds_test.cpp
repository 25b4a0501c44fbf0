#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "core/provenance.h"
#include "tests/unit/trajectory/recorder.h"
#include "trajectory/trajectory.h"

namespace alea {
namespace {

constexpr double kCall_s = 0.002;

class Slow : public test::Recorder {
 public:
  Prediction predict(const Batch& batch) override {
    std::this_thread::sleep_for(std::chrono::duration<double>(kCall_s));
    return Recorder::predict(batch);
  }
};

/// 12 base calls and 2 x 3 of the estimator; each part gets at least the time of its own, and all together not more than there
/// was.
TEST(TrajectorySeconds, AreTheTimeOfTheRowsThatEachAskedFor) {
  for (const bool pack : {true, false}) {
    Slow slow;
    test::Estimators estimators = test::all_three(12, 5, 6);
    const double started_s = monotonic_seconds();
    const TrajectorySeconds seconds = run_trajectory(slow, *test::ddim(slow, 12), estimators, {1, 2}, 2, pack).seconds;
    const double wall_s = monotonic_seconds() - started_s;
    ASSERT_EQ(seconds.estimators.size(), 3u);
    EXPECT_GE(seconds.base, 12 * kCall_s);
    EXPECT_GE(seconds.estimators[0], 6 * kCall_s);
    EXPECT_LT(seconds.estimators[1] + seconds.estimators[2], 6 * kCall_s);
    EXPECT_LE(seconds.base + seconds.estimators[0] + seconds.estimators[1] + seconds.estimators[2], wall_s);
  }
}

}  // namespace
}  // namespace alea
