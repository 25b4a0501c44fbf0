#include "protocols/run_cost.h"

namespace alea {
namespace {

Json estimator_costs(const Components& components) {
  Json out = Json::array();
  for (const EstimatorInfo& info : components.estimator_infos)
    out.push_back({{"kind", info.kind},
                   {"statistics", info.statistics},
                   {"nfe", info.extra_nfe},
                   {"flops", flops_of(components, info.extra_nfe)}});
  return out;
}

std::uint64_t known_flops(const Components& components, int nfe) {
  return components.flops.prediction * static_cast<std::uint64_t>(nfe / components.forwards);
}

}  // namespace

Json flops_of(const Components& components, int nfe) {
  return components.flops.known() ? Json(known_flops(components, nfe)) : Json();
}

Json cost_of(const Components& components, const GuideInfo& guide) {
  const ModelFlops& flops = components.flops;
  const int total = components.total_nfe() + guide.nfe;
  Json cost{{"base", components.base_nfe},
            {"extra", components.extra_nfe},
            {"total", total},
            {"estimators", estimator_costs(components)},
            {"flops", nullptr}};
  if (guide.exists()) cost["guide"] = guide.nfe;
  if (!flops.known()) {
    cost["flops_why_null"] = flops.why_unknown;
    return cost;
  }
  cost["flops"] = {{"prediction", flops.prediction},
                   {"base", flops_of(components, components.base_nfe)},
                   {"extra", flops_of(components, components.extra_nfe)},
                   {"decoding", flops.decoding},
                   {"total", known_flops(components, total) + flops.decoding}};
  if (guide.exists()) cost["flops"]["guide"] = flops_of(components, guide.nfe);
  return cost;
}

}  // namespace alea
