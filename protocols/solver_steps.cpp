#include "protocols/solver_steps.h"

#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "models/models.h"
#include "samplers/samplers.h"

namespace alea {

SolverOutline outline_of_solver(const Json& model, const Json& sampler, std::uint64_t seed) {
  const auto denoiser = make_model(model, Placement{.device = at::kMeta});
  const auto factory = sampler_registry().make(sampler, SamplerContext{.schedule = denoiser->schedule(), .seed = seed});
  SolverOutline out{.elements = static_cast<std::uint64_t>(denoiser->spec().shape.elements()), .steps = {}};
  // Levels belong to the steps alone, so one pixel of nothing shows those of any sampler, a multistep one and a random one too.
  const auto walk = factory->start(at::zeros({1, 1, 1, 1}, at::kFloat), Ids{0});
  while (const auto query = walk->next()) {
    const Prediction nothing{.eps = at::zeros_like(query->x)};
    const StepView view = walk->view(nothing);
    out.steps.push_back({view.t.value, view.level.alpha, view.level.sigma});
    walk->feed(nothing);
  }
  return out;
}

}  // namespace alea
