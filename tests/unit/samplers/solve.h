#pragma once

#include <string>

#include "models/manifest.h"
#include "samplers/samplers.h"
#include "tests/support/plugins.h"

namespace alea::test {

inline NoiseSchedule schedule_of(const Json& json) {
  ConfigErrors errors;
  const auto options = read_options<ScheduleOptions>(json, "", errors);
  errors.throw_if_any("test");
  return NoiseSchedule(options);
}

inline std::unique_ptr<SamplerFactory> sampler(const Json& options, const NoiseSchedule& schedule, std::uint64_t seed = 0) {
  const SamplerContext context{schedule, seed};
  return make<SamplerFactory, const SamplerContext&>(sampler_registry(), options, context);
}

/// Runs to the end; predict(query, level) says what the network says; visit(query, view) sees every evaluation.
template <class Predict, class Visit>
at::Tensor solve(const SamplerFactory& factory, const at::Tensor& x_T, Predict&& predict, Visit&& visit) {
  const auto sampler = factory.start(x_T, Ids(x_T.size(0)));
  while (const auto query = sampler->next()) {
    const Prediction prediction = predict(*query);
    visit(*query, sampler->view(prediction));
    sampler->feed(prediction);
  }
  return sampler->sample();
}

}  // namespace alea::test
