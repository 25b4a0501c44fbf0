#include "protocols/precision_validation.h"
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

}  // namespace

std::string check_run(const ResolvedConfig& resolved) {
  const Plan& plan = resolved.protocol->plan();
  resolved.protocol->check_files();
  const BlockSampler sampler(plan);
  const auto& facts = sampler.facts();
  allowed_precision(resolved, facts.weights_sha256);
  if (plan.realism) RealismScorer(*plan.realism, facts.image);
  const std::uint64_t nfe = static_cast<std::uint64_t>(facts.total_nfe());
  std::string text =
      fmt::format("  protocol   {}, version {}\n", resolved.config.value("protocol", ""), resolved.protocol->version());
  text += fmt::format("  model      {}, {} parameters, {}, images {}x{}x{}\n", facts.model_kind, facts.n_parameters,
                      weights_text(facts.weights_sha256), facts.image.channels, facts.image.height, facts.image.width);
  text += fmt::format("  precision  {}\n", plan.precision);
  text += feature_lines(resolved, facts.image);
  text += fmt::format("  samples    {} in {} blocks of {}, {} rows a network call\n", plan.n_samples,
                      blocks_of(plan.n_samples, plan.block).size(), plan.block, plan.micro_batch);
  const std::string guide = plan.guide.is_null() ? "" : fmt::format(" + {}", facts.guide_nfe);
  text += fmt::format("  NFE        {} + {}{} = {} an image, {} in all\n", facts.base_nfe, facts.extra_nfe, guide, nfe,
                      nfe * plan.n_samples);
  return text + fmt::format("  config     {:.12}\n", json_sha256(resolved.config));
}

}  // namespace alea
