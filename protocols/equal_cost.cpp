#include "protocols/equal_cost.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "core/error.h"
#include "models/models.h"
#include "protocols/array_names.h"
#include "protocols/distances.h"
#include "protocols/stored_arrays.h"
#include "samplers/samplers.h"

namespace alea {
namespace {

/// Nothing for a number of steps that the sampler can't have (a spacing has its own rules).
std::unique_ptr<SamplerFactory> with_steps(Json sampler, int steps, const SamplerContext& context) {
  sampler["steps"] = steps;
  try {
    return sampler_registry().make(sampler, context);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::config && error.code() != ErrorCode::domain) throw;
    return nullptr;
  }
}

std::optional<EqualCostArm> longest(const Components& components, const Denoiser& model, int nfe_of_ranked, std::uint64_t seed) {
  const SamplerContext context{model.schedule(), seed};
  const int forwards = model.spec().forwards, most = std::min(nfe_of_ranked / forwards, model.schedule().train_steps());
  for (int steps = most; steps > components.n_steps; --steps) {
    const auto sampler = with_steps(components.sampler, steps, context);
    if (sampler == nullptr || sampler->nfe() * forwards > nfe_of_ranked) continue;
    const double first_time = sampler->beginnings().front().t.value / model.schedule().train_steps();
    if (first_time < kLeastFirstTime) continue;
    EqualCostArm arm{.sampler = components.sampler,
                     .steps = steps,
                     .nfe = sampler->nfe() * forwards,
                     .nfe_of_ranked = nfe_of_ranked,
                     .first_time = first_time};
    arm.sampler["steps"] = steps;
    return arm;
  }
  return std::nullopt;
}

MetricRow null_row(MetricRow row, const std::string& why) {
  row.value.reset();
  row.why_null = why;
  return row;
}

}  // namespace

EqualCostArm resolve_equal_cost(const Components& components, int nfe_of_ranked, std::uint64_t images, std::uint64_t seed,
                                ConfigErrors& errors) {
  if (!components.sampler.contains("steps")) {
    errors.add("/equal_cost", "the sampler has no number of steps that could be raised; leave this out");
    return {};
  }
  const auto model = make_model(components.model, Placement{.device = at::kMeta});
  auto arm = longest(components, *model, nfe_of_ranked, seed);
  if (!arm) {
    errors.add("/equal_cost",
               fmt::format("the ranked estimator's arm takes {} evaluations an image, which buy no number of steps above the "
                           "sampler's {} that begins at {} of the training times or later; leave this out, or choose another "
                           "/sampler/spacing",
                           nfe_of_ranked, components.n_steps, kLeastFirstTime));
    return {};
  }
  arm->images = images;
  return *std::move(arm);
}

EqualCostInput read_equal_cost(const Store& store, const std::string& network) {
  const Array finite = store.gather(array_names::kBlocks, array_names::kEqualCostFinite),
              features = store.gather(array_names::features_kind(network), array_names::kEqualCostFeatures);
  const std::uint64_t n = finite.shape.at(0);
  expect_array(finite, DType::u8, 1, n, array_names::kEqualCostFinite);
  expect_array(features, DType::f32, 2, n, array_names::kEqualCostFeatures);
  EqualCostInput out;
  out.d = features.shape[1];
  for (std::uint64_t i = 0; i < n; ++i) {
    if (finite.as<std::uint8_t>()[i] == 0 || !all_finite(feature_row(features, i))) continue;
    out.ids.push_back(i);
    const auto row = feature_row(features, i);
    out.features.insert(out.features.end(), row.begin(), row.end());
  }
  out.non_finite = n - out.ids.size();
  return out;
}

Json equal_cost_facts(const EqualCostArm& arm) {
  return {{"sampler", arm.sampler},       {"steps", arm.steps},  {"nfe", arm.nfe}, {"nfe_of_ranked", arm.nfe_of_ranked},
          {"first_time", arm.first_time}, {"images", arm.images}};
}

std::vector<MetricRow> equal_cost_rows(const EqualCostArm& arm, const EqualCostInput& input, const std::string& network,
                                       const FrechetReference& reference, const MetricRow& kept) {
  const std::string name = distance_name(network, "equal_cost");
  const std::uint64_t n = input.ids.size();
  MetricRow distance = metric_row(name, Direction::lower, kept.unit, n),
            gain = metric_row("gain." + name, Direction::higher, kept.unit, n);
  const Json details{{"group", "headline"},
                     {"note", fmt::format("{} steps, no estimator: {} NFE beside {}", arm.steps, arm.nfe, arm.nfe_of_ranked)},
                     {"nfe", arm.nfe},
                     {"nfe_of_ranked", arm.nfe_of_ranked},
                     {"non_finite", input.non_finite}};
  distance.details = gain.details = details;
  const GroupSizes groups = jackknife_group_sizes(input.ids);
  if (std::ranges::count(groups, 0u) > 0 || !kept.value) {
    const std::string why = fmt::format("{} usable images of the arm of equal cost, of {}", n, arm.images);
    return {null_row(distance, why), null_row(gain, why)};
  }
  const std::vector<double> no_order(n, 0.0);
  const SubsetDistance all =
      FilteringAnalysis({input.features, n, input.d}, input.ids, reference).kept(no_order, n, KeepSide::lowest);
  distance = distance_row(name, all, n);
  distance.details = details;
  gain.value = *kept.value - all.value;
  const double error = std::hypot(kept.interval->standard_error, distance.interval->standard_error);
  const double reach = student_t_quantile(0.975, kJackknifeGroups - 1) * error;
  gain.interval = Interval{*gain.value, error, *gain.value - reach, *gain.value + reach};
  return {distance, gain};
}

}  // namespace alea
