#include "trajectory/trajectory.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include <iterator>

#include "core/error.h"
#include "trajectory/companions.h"
#include "trajectory/packer.h"

namespace alea {
namespace {

/// What one estimator asked at one step and hasn't got yet.
struct Request {
  Estimator* estimator;
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

class Run {
 public:
  Run(Packer packer, Sampler& sampler, const std::vector<std::unique_ptr<Estimator>>& estimators,
      std::vector<Companions> companions, Guide* guide, bool pack)
      : packer_(std::move(packer)),
        sampler_(sampler),
        estimators_(estimators),
        companions_(std::move(companions)),
        guide_(guide),
        pack_(pack) {}

  void to_the_end(SolverIndex from) {
    for (int index = from.value; auto query = sampler_.next(); ++index) {
      query->want = base_want({index});
      const Prediction prediction = base_prediction(*query);
      const Prediction path = path_prediction(prediction, ask_estimators(prediction));
      sampler_.feed(guide_ == nullptr ? path : guided(path));
    }
    answer(std::exchange(waiting_, {}));
    for (auto& companions : companions_) companions.finish();
  }

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
    std::vector<std::size_t> companion_rows;
    for (auto& companions : companions_) {
      auto asked = companions.next();
      companion_rows.push_back(asked.size());
      extra_rows_ += asked.size() * query.ids.size();
      std::move(asked.begin(), asked.end(), std::back_inserter(queries));
    }
    for (auto& request : requests) std::move(request.queries.begin(), request.queries.end(), std::back_inserter(queries));
    const auto answers = pack_ ? packer_.evaluate(queries) : each_alone(queries);
    std::size_t first = 1;
    for (std::size_t i = 0; i < companions_.size(); ++i) {
      companions_[i].feed(std::span(answers).subspan(first, companion_rows[i]));
      first += companion_rows[i];
    }
    for (auto& request : requests) {
      request.estimator->consume(request.view, std::span(answers).subspan(first, request.queries.size()));
      first += request.queries.size();
    }
    return answers.front();
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
    for (const auto& estimator : estimators_) {
      Request request{estimator.get(), view, estimator->rows(view)};
      for (const Query& query : request.queries) extra_rows_ += query.ids.size();
      const bool may_wait = pack_ && !request.queries.empty() && !estimator->needed_before_advance();
      (may_wait ? waiting_ : now).push_back(std::move(request));
    }
    answer(std::move(now));
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

  void answer(std::vector<Request> requests) {
    std::vector<Query> packed;
    if (pack_)
      for (const auto& request : requests) packed.insert(packed.end(), request.queries.begin(), request.queries.end());
    const auto together = packer_.evaluate(packed);
    std::size_t first = 0;
    for (const auto& request : requests) {
      const std::size_t count = request.queries.size();
      if (pack_)
        request.estimator->consume(request.view, std::span(together).subspan(first, count));
      else
        request.estimator->consume(request.view, each_alone(request.queries));
      first += count;
    }
  }

  std::vector<Prediction> each_alone(const std::vector<Query>& queries) {
    std::vector<Prediction> out;
    for (const Query& query : queries) out.push_back(packer_.evaluate({query}).front());
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
