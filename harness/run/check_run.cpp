#include <algorithm>

#include "protocols/precision_validation.h"
#include "run/device.h"
#include "run/features.h"
#include "run/real_features.h"
#include "run/realism.h"
#include "run/reference.h"
#include "run/runner.h"
#include "run/sample_block.h"

namespace alea {

namespace {

std::string weights_text(const std::string& sha256) {
  return sha256.empty() ? "no weights" : fmt::format("weights {:.12}", sha256);
}

std::string feature_lines(const ResolvedConfig& resolved, const ImageExtent& image) {
  const std::string& network = resolved.protocol->plan().feature_network;
  if (network.empty()) return "";
  const FeatureExtractor extractor(network, image);
  const auto& facts = extractor.facts();
  const std::string real = check_real_features(resolved.protocol->plan(), extractor);
  return fmt::format("  features   {}, {} wide, {}\n  reference  {}\n{}", facts.network, facts.width,
                     weights_text(facts.network_sha256), check_reference(resolved.config, facts),
                     real.empty() ? "" : fmt::format("  real       {}\n", real));
}

/// An image of an arm without a guide costs no guide.
std::uint64_t nfe_of_all(const Plan& plan, const SampleFacts& facts) {
  const auto base = static_cast<std::uint64_t>(facts.base_nfe), guided = static_cast<std::uint64_t>(facts.total_nfe());
  if (plan.arms.empty()) return plan.n_samples * (guided + (plan.unguided_arm ? base : 0));
  const auto n_unguided =
      static_cast<std::uint64_t>(std::ranges::count_if(plan.arms, [](const PlanArm& arm) { return arm.guide.is_null(); }));
  return plan.n_ids() * ((plan.arms.size() - n_unguided) * guided + n_unguided * base);
}

std::string nfe_line(const Plan& plan, const SampleFacts& facts) {
  if (plan.timing) return fmt::format("  NFE        {} an image of the plain arm\n", facts.total_nfe());
  const std::string guide = plan.guide.is_null() ? "" : fmt::format(" + {}", facts.guide_nfe);
  return fmt::format("  NFE        {} + {}{} = {} an image, {} in all\n", facts.base_nfe, facts.extra_nfe, guide, facts.total_nfe(),
                     nfe_of_all(plan, facts));
}

std::string samples_line(const Plan& plan) {
  if (plan.timing)
    return fmt::format("  samples    {} generations of {} images to time, {} arms, {} rows a network call\n", plan.n_samples,
                       plan.timing->images, plan.timing->arms.size(), plan.micro_batch);
  return fmt::format("  samples    {} in {} blocks of {}, {} rows a network call\n", plan.n_samples,
                     blocks_of(plan.n_samples, plan.block).size(), plan.block, plan.micro_batch);
}

}  // namespace

std::string check_run(const ResolvedConfig& resolved) {
  const Plan& plan = resolved.protocol->plan();
  resolved.protocol->check_files();
  const auto sampler = make_block_maker(plan, {});
  const auto& facts = sampler->facts();
  allowed_precision(resolved, facts.weights_sha256);
  if (plan.realism) RealismScorer(*plan.realism, facts.image);
  std::string text =
      fmt::format("  protocol   {}, version {}\n", resolved.config.value("protocol", ""), resolved.protocol->version());
  text += fmt::format("  model      {}, {} parameters, {}, images {}x{}x{}\n", facts.model_kind, facts.n_parameters,
                      weights_text(facts.weights_sha256), facts.image.channels, facts.image.height, facts.image.width);
  text += fmt::format("  precision  {}\n", plan.precision);
  text += feature_lines(resolved, facts.image);
  text += samples_line(plan);
  text += nfe_line(plan, facts);
  return text + fmt::format("  config     {:.12}\n", json_sha256(resolved.config));
}

}  // namespace alea
