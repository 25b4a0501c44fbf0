#include <algorithm>
#include <map>

#include "core/error.h"
#include "protocols/set_metrics_options.h"

namespace alea {
namespace {

/// F.interpolate's bilinear on [0, 1], 2x-1. FID is all it computes; the other metrics are alea's own conventions on its
/// features.
SetMetricsOptions pytorch_fid() {
  SetMetricsOptions options;
  options.protocol = "pytorch-fid";
  return options;
}

EncoderOptions tensorflow_inception() {
  EncoderOptions encoder;
  encoder.resize = "bilinear_tf1";
  encoder.normalise = "tf";
  return encoder;
}

SetMetricsOptions torch_fidelity() {
  SetMetricsOptions options;
  options.protocol = "torch-fidelity";
  options.encoder = tensorflow_inception();
  EncoderOptions vgg;
  vgg.network = "vgg16";
  vgg.resize = "bilinear_tf1";
  vgg.normalise = "imagenet";
  vgg.layer = 4096;
  vgg.input = 224;
  options.manifold_encoder = vgg;
  options.kid.draw = "numpy_legacy";
  options.inception_score.order = "numpy_legacy";
  options.manifold = {.k = 3, .rim = "closed"};
  return options;
}

/// PIL's bicubic in floating point; its kernel distance draws subsets without a seed, so alea's are its own.
SetMetricsOptions clean_fid() {
  SetMetricsOptions options;
  options.protocol = "clean-fid";
  options.encoder.resize = "bicubic_pil";
  options.encoder.normalise = "tf";
  return options;
}

/// guided-diffusion's evaluator: consecutive chunks for the class score, precision and recall on the pool features.
SetMetricsOptions adm() {
  SetMetricsOptions options;
  options.protocol = "adm";
  options.encoder = tensorflow_inception();
  options.inception_score.cut = "chunk";
  options.manifold = {.k = 3, .rim = "closed"};
  return options;
}

}  // namespace

bool names_metric(const SetMetricsOptions& options, std::string_view metric) {
  return std::ranges::find(options.metrics, metric) != options.metrics.end();
}

bool wants_metric(const SetMetricsOptions& options, std::string_view metric) {
  return options.metrics.empty() || names_metric(options, metric);
}

SetMetricsOptions conventions_of(const std::string& protocol) {
  static const std::map<std::string, SetMetricsOptions (*)()> known = {
      {"pytorch-fid", pytorch_fid}, {"torch-fidelity", torch_fidelity}, {"clean-fid", clean_fid}, {"adm", adm}};
  const auto found = known.find(protocol);
  if (found != known.end()) return found->second();
  std::vector<std::string> names;
  for (const auto& [name, make] : known) names.push_back(name);
  fail(ErrorCode::usage, "--protocol: \"{}\" is not a tool that alea knows the conventions of{}", protocol,
       suggestion(protocol, names));
}

}  // namespace alea
