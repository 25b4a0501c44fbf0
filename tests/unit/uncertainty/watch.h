#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "models/models.h"
#include "samplers/samplers.h"
#include "tests/support/plugins.h"
#include "uncertainty/estimators.h"

namespace alea::test {

inline constexpr int kChannels = 5, kWidth = 4000, kReplicates = kChannels * kWidth;
inline const std::vector<float> kPlaces{-1.9f, -0.8f, -0.2f, 0.1f, 0.45f, 1.1f, 2.3f};

/// A toy whose images hold kReplicates independent elements for each of kPlaces.
inline Json toy(Json config) {
  config["channels"] = kChannels;
  config["height"] = kPlaces.size();
  config["width"] = kWidth;
  return config;
}

/// [1, kChannels, places, kWidth], row k of each channel being kPlaces[k].
inline at::Tensor at_places() {
  at::Tensor x = at::full({1, kChannels, static_cast<std::int64_t>(kPlaces.size()), kWidth}, 0.0, at::kFloat);
  for (std::size_t k = 0; k < kPlaces.size(); ++k) x.select(2, static_cast<std::int64_t>(k)).fill_(kPlaces[k]);
  return x;
}

inline std::unique_ptr<EstimatorFactory> estimator(const Json& config, int n_steps, std::uint64_t seed = 0,
                                                   const Denoiser* model = nullptr) {
  const EstimatorContext context{seed, n_steps, model};
  return make<EstimatorFactory, const EstimatorContext&>(estimator_registry(), config, context);
}

inline std::unique_ptr<SamplerFactory> ddim(const NoiseSchedule& schedule, Json options) {
  options["kind"] = "ddim";
  const SamplerContext context{schedule, 0};
  return make<SamplerFactory, const SamplerContext&>(sampler_registry(), options, context);
}

inline Prediction answer(Denoiser& denoiser, const Query& query) {
  return denoiser.predict(
      {.x = query.x, .t = at::full({query.x.size(0)}, query.t.value, at::kFloat), .ids = query.ids, .mode = query.mode});
}

inline std::vector<UncertaintyOutput> watch(Denoiser& denoiser, Sampler& sampler, Estimator& estimator) {
  while (const auto query = sampler.next()) {
    const Prediction prediction = answer(denoiser, *query);
    const StepView view = sampler.view(prediction);
    std::vector<Prediction> answers;
    for (const Query& row : estimator.rows(view)) answers.push_back(answer(denoiser, row));
    estimator.consume(view, answers);
    sampler.feed(prediction);
  }
  return estimator.outputs();
}

/// What an unclipped sampler's step from time t to the level of time s looks like at x.
inline StepView view_at(Denoiser& denoiser, const at::Tensor& x, double t, double s, const Ids& ids) {
  StepView view{.index = {0}, .t = {t}, .level = denoiser.schedule().level({t}), .x = x, .ids = &ids};
  view.eps = answer(denoiser, {.x = x, .t = view.t, .ids = ids}).eps;
  view.x0 = view.unclipped_x0 = predict_x0(x, view.eps, view.level);
  view.next = denoiser.schedule().level({s});
  return view;
}

/// Shows `view` at solver indices 0..n-1.
template <class Answer>
std::vector<UncertaintyOutput> show(const EstimatorFactory& factory, StepView view, int n, Answer&& answer) {
  const auto watcher = factory.start(*view.ids);
  for (int i = 0; i < n; ++i) {
    view.index = {i};
    std::vector<Prediction> answers;
    for (const Query& row : watcher->rows(view)) answers.push_back(answer(row));
    watcher->consume(view, answers);
  }
  return watcher->outputs();
}

/// Mean of U over many independent noises at each of kPlaces, and its standard error.
struct Measured {
  std::vector<double> mean, standard_error;
};

inline Measured summarise(const at::Tensor& map) {
  Measured out;
  const at::Tensor rows = map[0].to(at::kDouble).transpose(0, 1);
  for (std::size_t k = 0; k < kPlaces.size(); ++k) {
    const at::Tensor row = rows[static_cast<std::int64_t>(k)];
    out.mean.push_back(row.mean().item<double>());
    out.standard_error.push_back(row.std().item<double>() / std::sqrt(kReplicates));
  }
  return out;
}

/// Within 4.5 standard errors, which must be small enough to say something.
inline void expect_within_error(const Measured& measured, std::size_t k, double exact, const std::string& what) {
  const double z = (measured.mean[k] - exact) / measured.standard_error[k];
  EXPECT_LT(std::abs(z), 4.5) << what << " at x = " << kPlaces[k] << ": " << measured.mean[k] << ", exact " << exact;
  EXPECT_LT(measured.standard_error[k], 0.05 * exact) << what << " at x = " << kPlaces[k] << ": the test has no power";
}

}  // namespace alea::test
