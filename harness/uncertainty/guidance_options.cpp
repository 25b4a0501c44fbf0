#include "uncertainty/guidance_options.h"

namespace alea {
namespace {

constexpr int kReleasedBatch = 128;

/// What the released scripts have in common: three of the first steps, the level of the wrong index, a mean over the batch.
GuidanceOptions released() {
  GuidanceOptions o;
  o.first_index = 0;
  o.last_index = 2;
  o.level = "loop_index";
  o.divisor = kReleasedBatch;
  return o;
}

GuidanceOptions descent_on_saved_thresholds(const char* statistic, int last_index) {
  GuidanceOptions o = released();
  o.statistic = statistic;
  o.direction = "descent";
  o.mask = "thresholds";
  o.mask_statistic = "centred";
  o.last_index = last_index;
  return o;
}

GuidanceOptions multiplied_by_gradient() {
  GuidanceOptions o = released();
  o.action = "multiply";
  o.statistic = "std";
  return o;
}

GuidanceOptions gradient_of_input() {
  GuidanceOptions o = released();
  o.statistic = "centred";
  o.wrt = "x";
  o.lambda = 0.1;
  o.add_eps_gradient = true;
  return o;
}

GuidanceOptions posterior() {
  GuidanceOptions o = released();
  o.action = "posterior";
  o.statistic = "variance_with_eps";
  o.posterior_sum = "batch";
  o.last_index = 3;
  o.divisor = 1;
  return o;
}

GuidanceOptions random_sign() {
  GuidanceOptions o = released();
  o.action = "random_sign";
  o.statistic = "centred";
  o.divisor = 1;
  return o;
}

GuidanceOptions one_image_at_a_time() {
  GuidanceOptions o;
  o.lambda = 0.99;
  return o;
}

GuidanceOptions defaults_of(const std::string& variant) {
  GuidanceOptions o;
  if (variant == "v1") o = descent_on_saved_thresholds("centred", 3);
  if (variant == "v2") o = descent_on_saved_thresholds("variance", 2);
  if (variant == "v3") o = multiplied_by_gradient();
  if (variant == "v4") o = gradient_of_input();
  if (variant == "v5") o = posterior();
  if (variant == "v6") o = random_sign();
  if (variant == "v7") o = one_image_at_a_time();
  o.variant = variant;
  return o;
}

void check_thresholds(const GuidanceOptions& o, const std::string& pointer, ConfigErrors& errors) {
  if (o.mask == "thresholds" && o.thresholds.empty())
    errors.add(pointer + "/thresholds",
               "mask = thresholds needs a file; make one with `alea thresholds`, or take mask = quantile");
  if (o.mask != "thresholds" && !o.thresholds.empty())
    errors.add(pointer + "/thresholds", "has a meaning with mask = thresholds only, found mask = " + o.mask);
}

void check_action(const GuidanceOptions& o, const std::string& pointer, ConfigErrors& errors) {
  if (o.add_eps_gradient && !(o.needs_gradient() && o.wrt == "x"))
    errors.add(pointer + "/add_eps_gradient", "needs a gradient with wrt = x, found action = " + o.action + ", wrt = " + o.wrt);
  if (o.graphs && *o.graphs > o.passes)
    errors.add(pointer + "/graphs", fmt::format("{} graphs of {} passes; leave it out to keep all", *o.graphs, o.passes));
}

}  // namespace

GuidanceOptions read_guidance_options(const Json& json, const std::string& pointer, ConfigErrors& errors) {
  const bool named = json.is_object() && json.contains("variant") && json["variant"].is_string();
  GuidanceOptions options = defaults_of(named ? json["variant"].get<std::string>() : "paper");
  detail::read_into(json, pointer, options, errors);
  check_thresholds(options, pointer, errors);
  check_action(options, pointer, errors);
  return options;
}

}  // namespace alea
