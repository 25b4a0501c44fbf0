#include "run/validate_precision.h"

#include "core/log.h"
#include "core/provenance.h"
#include "protocols/array_names.h"
#include "protocols/free_scores.h"
#include "run/sample_block.h"
#include "run/signals.h"
#include "run/threads.h"

namespace alea {
namespace {

void append_scores(PrecisionSamples& out, std::size_t index, const std::string& name, const std::vector<double>& scores) {
  if (index == out.statistics.size()) out.statistics.push_back({name, {}});
  auto& all = out.statistics.at(index).scores;
  all.insert(all.end(), scores.begin(), scores.end());
}

void append_block(PrecisionSamples& out, const ArrayMap& block) {
  const Array& images = block.at(array_names::kImages);
  const auto pixels = images.as<std::uint8_t>();
  const auto finite = block.at(array_names::kFinite).as<std::uint8_t>();
  out.elements = pixels.size() / finite.size();
  out.images.insert(out.images.end(), pixels.begin(), pixels.end());
  out.finite.insert(out.finite.end(), finite.begin(), finite.end());
  const std::string prefix = array_names::scores("");
  std::size_t index = 0;
  for (const auto& [name, array] : block)
    if (name.starts_with(prefix)) append_scores(out, index++, name.substr(prefix.size()), window_sums(array, name));
  std::vector<double> variations;
  for (std::size_t i = 0; i < finite.size(); ++i)
    variations.push_back(
        total_variation(pixels.subspan(i * out.elements, out.elements), images.shape[1], images.shape[2], images.shape[3]));
  append_scores(out, index, kTotalVariation, variations);
}

struct Sampled {
  PrecisionSamples samples;
  std::string weights_sha256;
};

Sampled sample_in(Plan plan, const std::string& precision, std::uint64_t n, Progress& progress) {
  plan.precision = precision;
  plan.maps = false;
  BlockSampler sampler(plan);
  Sampled out{{}, sampler.facts().weights_sha256};
  for (const BlockRange& range : blocks_of(n, plan.block))
    append_block(out.samples, sampler.sample(range, [&](std::uint32_t done) {
      progress.add(done);
      throw_if_stopped();
    }));
  return out;
}

}  // namespace

PrecisionValidation validate_precision(const ResolvedConfig& resolved, const std::string& precision, std::uint64_t n) {
  if (precision == "float32")
    fail(ErrorCode::config, "--precision float32 is what the others are compared with; give bfloat16 or float16");
  PrecisionValidation out;
  out.identity = precision_identity(resolved.config, precision);
  const Plan& plan = resolved.protocol->plan();
  Progress progress("validate " + precision, "images", 2 * n);
  const Sampled below = sample_in(plan, precision, n, progress);  // first: a model without this arithmetic says so at once
  const Sampled float32 = sample_in(plan, "float32", n, progress);
  out.weights_sha256 = float32.weights_sha256;
  out.found = measure_agreement(float32.samples, below.samples, resolved.config.at("keep").get<std::uint64_t>(),
                                resolved.config.at("generate").get<std::uint64_t>());
  register_library_versions();
  out.provenance = provenance();
  return out;
}

}  // namespace alea
