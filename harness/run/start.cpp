#include "run/start.h"

#include "core/error.h"
#include "run/encode.h"
#include "samplers/paper_start.h"

namespace alea {

std::unique_ptr<StartPoints> start_points(const Plan& plan, const DenoiserSpec& spec) {
  if (plan.start == "philox") return std::make_unique<PhiloxStart>(plan.seed, spec.shape, spec.n_classes);
  const PaperDataset& set = paper_dataset(plan.start);
  const auto& shape = spec.shape;
  const bool classes_fit = spec.n_classes == 0 || spec.n_classes == set.classes;
  if (shape != set.shape || !classes_fit)
    fail(ErrorCode::config, "/start: {} is of [{}, {}, {}] and {} classes, the network of [{}, {}, {}] and {}; choose philox",
         set.name, set.shape.channels, set.shape.height, set.shape.width, set.classes, shape.channels, shape.height, shape.width,
         spec.n_classes);
  const auto cache = default_cache_folder();
  return std::make_unique<PaperStart>(set, cache.empty() ? cache : cache / "start", spec.n_classes > 0);
}

}  // namespace alea
