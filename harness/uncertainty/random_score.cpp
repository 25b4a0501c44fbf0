#include <ATen/ops/empty.h>

#include "uncertainty/estimators.h"

namespace alea {
namespace {

struct RandomOptions {};

}  // namespace

template <>
struct Fields<RandomOptions> {
  static auto table() { return std::tuple{}; }
};

namespace {

/// A score that knows nothing of the image: what every other one must beat.
class RandomScore : public Estimator {
 public:
  RandomScore(std::uint64_t seed, const Ids& ids) : scores_(at::empty({static_cast<std::int64_t>(ids.size()), 1}, at::kDouble)) {
    double* out = scores_.mutable_data_ptr<double>();
    for (const SampleId id : ids) *out++ = uniform({.seed = seed, .stream = Stream::random_score, .id = id});
  }

  std::vector<Query> rows(const StepView&) override { return {}; }
  void consume(const StepView&, std::span<const Prediction>) override {}
  bool needed_before_advance() const override { return false; }
  std::vector<UncertaintyOutput> outputs() const override { return {{"random.score", scores_, {}}}; }

 private:
  at::Tensor scores_;
};

class RandomFactory : public EstimatorFactory {
 public:
  explicit RandomFactory(std::uint64_t seed) : seed_(seed) {}

  std::unique_ptr<Estimator> start(const Ids& ids) const override { return std::make_unique<RandomScore>(seed_, ids); }
  std::vector<std::string> statistics() const override { return {"random.score"}; }
  std::vector<SolverIndex> window(int) const override { return {}; }
  int extra_nfe() const override { return 0; }

 private:
  std::uint64_t seed_;
};

}  // namespace

Plugin<EstimatorFactory, const EstimatorContext&> random_score_estimator() {
  return make_plugin<EstimatorFactory, RandomOptions, const EstimatorContext&>(
      "random", "a uniform score by seed and id: the control that nothing should lose to",
      [](const RandomOptions&, const EstimatorContext& context) -> std::unique_ptr<EstimatorFactory> {
        return std::make_unique<RandomFactory>(context.seed);
      });
}

}  // namespace alea
