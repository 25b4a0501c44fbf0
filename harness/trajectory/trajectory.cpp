#include "trajectory/trajectory.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include <iterator>

#include "core/error.h"
#include "core/provenance.h"
#include "trajectory/companions.h"
#include "trajectory/packer.h"

namespace alea {
namespace {

/// What one estimator asked at one step and hasn't got yet.
struct Request {
  std::size_t estimator;
  StepView view;
  std::vector<Query> queries;
};

/// What the network said, with another eps; a clean image that it said apart moves along, x staying the same.
Prediction with_eps(const Prediction& said, const at::Tensor& eps, const NoiseLevel& level) {
  Prediction out = said;
  out.eps = eps;
  if (!said.x0.defined() || eps.is_same(said.eps)) return out;
  if (level.alpha == 0)
    fail(ErrorCode::config,
         "eps is changed where x is all noise (alpha = 0) and says nothing of the clean image; let a guide set in at "
         "/guide/first_index 1");
  out.x0 = said.x0 - (eps - said.eps) * (level.sigma / level.alpha);
  return out;
}

struct Answers {
  std::vector<Prediction> predictions;
  std::vector<double> seconds;
};

/// Adds the time that it lives.
class Stopwatch {
 public:
  explicit Stopwatch(double& total) : total_(total), started_s_(monotonic_seconds()) {}
  ~Stopwatch() { total_ += monotonic_seconds() - started_s_; }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& total_;
  double started_s_;
};

class Run {
 public:
  Run(Packer packer, Sampler& sampler, const std::vector<std::unique_ptr<Estimator>>& estimators,
      std::vector<Companions> companions, Guide* guide, bool pack)
      : packer_(std::move(packer)),
        sampler_(sampler),
        estimators_(estimators),
        companions_(std::move(companions)),
        guide_(guide),
        pack_(pack) {
    seconds_.estimators.assign(estimators.size(), 0);
  }

  void to_the_end(SolverIndex from) {
    for (int index = from.value; auto query = sampler_.next(); ++index) {
      query->want = base_want({index});
      const Prediction prediction = base_prediction(*query);
      const Prediction path = path_prediction(prediction, ask_estimators(prediction));
      sampler_.feed(guide_ == nullptr ? path : guided(path));
    }
    answer(std::exchange(waiting_, {}));
    for (std::size_t i = 0; i < companions_.size(); ++i) {
      const Stopwatch watch(seconds_.estimators[i]);
      companions_[i].finish();
    }
  }

  const TrajectorySeconds& seconds() const { return seconds_; }
  TrajectoryCost cost(std::uint64_t n_images, std::uint64_t forwards) const {
    const auto per_image = [=](std::uint64_t rows) { return forwards * ((rows + n_images - 1) / n_images); };
    const std::uint64_t guide_rows = guide_ == nullptr ? 0 : guide_rows_ + 2 * guide_->backward_rows();
    return {per_image(base_rows_), per_image(extra_rows_), per_image(guide_rows), packer_.padded()};
  }

 private:
  /// The sampler's rows, and with them whatever estimators left waiting at the step before.
  Prediction base_prediction(const Query& query) {
    base_rows_ += query.ids.size();
    auto requests = std::exchange(waiting_, {});
    std::vector<Query> queries{query};
    for (std::size_t i = 0; i < companions_.size(); ++i) {
      const Stopwatch watch(seconds_.estimators[i]);
      auto asked = companions_[i].next();
      extra_rows_ += asked.size() * query.ids.size();
      std::move(asked.begin(), asked.end(), std::back_inserter(queries));
    }
    append_queries(requests, queries);
    const Answers answers = ask(queries);
    seconds_.base += answers.seconds.front();
    std::size_t first = 1;
    for (std::size_t i = 0; i < companions_.size(); ++i)
      give(i, answers, first, companions_[i].size(), [&](auto said) { companions_[i].feed(said); });
    hand_over(requests, answers, first);
    return answers.predictions.front();
  }

  Want base_want(SolverIndex index) const {
    Want all;
    for (const auto& estimator : estimators_) {
      const Want want = estimator->base_want(index);
      all.last_layer_input |= want.last_layer_input;
      all.graph |= want.graph;
    }
    return all;
  }

  /// What the sampler is told: an estimator may have put its own noise in the network's place, and a clean image follows from
  /// that.
  Prediction path_prediction(Prediction prediction, const StepView& view) const {
    for (const auto& estimator : estimators_) {
      if (!estimator->needed_before_advance()) continue;
      const at::Tensor eps = estimator->path_eps(view);
      if (eps.is_same(view.eps)) continue;
      prediction = with_eps(prediction, eps, view.level);
    }
    return prediction;
  }

  StepView ask_estimators(const Prediction& prediction) {
    const StepView view = sampler_.view(prediction);
    std::vector<Request> now;
    for (std::size_t i = 0; i < estimators_.size(); ++i) {
      const Stopwatch watch(seconds_.estimators[i]);
      Request request{i, view, estimators_[i]->rows(view)};
      for (const Query& query : request.queries) extra_rows_ += query.ids.size();
      const bool may_wait = pack_ && !request.queries.empty() && !estimators_[i]->needed_before_advance();
      (may_wait ? waiting_ : now).push_back(std::move(request));
    }
    answer(now);
    return view;
  }

  Prediction guided(const Prediction& said) {
    const StepView view = sampler_.view(said);
    guide_->begin(view);
    while (const auto query = guide_->next()) {
      guide_rows_ += query->ids.size();
      guide_->feed(packer_.evaluate({*query}).front());
    }
    return with_eps(said, guide_->eps(), view.level);
  }

  void answer(const std::vector<Request>& requests) {
    std::vector<Query> queries;
    append_queries(requests, queries);
    std::size_t first = 0;
    hand_over(requests, ask(queries), first);
  }

  static void append_queries(const std::vector<Request>& requests, std::vector<Query>& out) {
    for (const auto& request : requests) out.insert(out.end(), request.queries.begin(), request.queries.end());
  }

  void hand_over(const std::vector<Request>& requests, const Answers& answers, std::size_t& first) {
    for (const auto& request : requests)
      give(request.estimator, answers, first, request.queries.size(),
           [&](auto said) { estimators_[request.estimator]->consume(request.view, said); });
  }

  /// Answers first..first+count-1 go to one estimator, with the time that they and it take.
  template <class Take>
  void give(std::size_t estimator, const Answers& answers, std::size_t& first, std::size_t count, Take&& take) {
    double& seconds = seconds_.estimators[estimator];
    for (std::size_t i = first; i < first + count; ++i) seconds += answers.seconds[i];
    const Stopwatch watch(seconds);
    take(std::span(answers.predictions).subspan(first, count));
    first += count;
  }

  Answers ask(const std::vector<Query>& queries) {
    if (pack_) {
      auto predictions = packer_.evaluate(queries);
      return {std::move(predictions), packer_.seconds()};
    }
    Answers out;
    for (const Query& query : queries) {
      out.predictions.push_back(packer_.evaluate({query}).front());
      out.seconds.push_back(packer_.seconds().front());
    }
    return out;
  }

  Packer packer_;
  Sampler& sampler_;
  const std::vector<std::unique_ptr<Estimator>>& estimators_;
  std::vector<Companions> companions_;
  Guide* guide_;
  bool pack_;
  std::vector<Request> waiting_;
  std::uint64_t base_rows_ = 0, extra_rows_ = 0, guide_rows_ = 0;
  TrajectorySeconds seconds_;
};

}  // namespace

TrajectoryResult run_trajectory(Denoiser& denoiser, const SamplerFactory& sampler_factory,
                                const std::vector<std::unique_ptr<EstimatorFactory>>& estimator_factories, const Ids& ids,
                                const StartPoints& start, bool pack, const GuideFactory* guide_factory) {
  if (ids.empty()) fail(ErrorCode::usage, "a trajectory needs at least one id");
  const at::NoGradGuard no_gradients;
  const at::Tensor x = start.x(ids).to(denoiser.spec().device);
  const auto sampler = sampler_factory.start(x, ids, start.from());
  std::vector<std::unique_ptr<Estimator>> estimators;
  std::vector<Companions> companions;
  for (const auto& factory : estimator_factories) {
    estimators.push_back(factory->start(ids));
    companions.emplace_back(*estimators.back(), [&] { return sampler_factory.start(x, ids, start.from()); });
  }

  const auto guide = guide_factory == nullptr ? nullptr : guide_factory->start(ids);
  Run run(Packer(denoiser, start, static_cast<std::int64_t>(ids.size())), *sampler, estimators, std::move(companions),
          guide.get(), pack);
  run.to_the_end(start.from());

  TrajectoryResult result;
  result.sample = sampler->sample();
  result.seconds = run.seconds();
  result.cost = run.cost(ids.size(), static_cast<std::uint64_t>(denoiser.spec().forwards));
  for (const auto& estimator : estimators)
    for (auto& output : estimator->outputs()) result.outputs.push_back(std::move(output));
  if (guide)
    for (auto& output : guide->outputs()) result.outputs.push_back(std::move(output));
  return result;
}

TrajectoryResult run_trajectory(Denoiser& denoiser, const SamplerFactory& sampler,
                                const std::vector<std::unique_ptr<EstimatorFactory>>& estimators, const Ids& ids,
                                std::uint64_t seed, bool pack) {
  const auto& spec = denoiser.spec();
  return run_trajectory(denoiser, sampler, estimators, ids, PhiloxStart(seed, spec.shape, spec.n_classes), pack);
}

}  // namespace alea
