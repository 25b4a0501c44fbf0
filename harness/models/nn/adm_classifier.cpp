#include "models/nn/adm_classifier.h"

#include <ATen/ops/silu.h>

#include "core/error.h"

namespace alea::nn {
namespace {

AdmEncoder make_encoder(ParameterSource& source, const AdmUnetOptions& options) {
  std::vector<std::string> sites;
  return AdmEncoder(AdmParts(source, checked(options), sites));
}

/// Height and width of the deepest level.
int deepest_extent(const AdmClassifierOptions& options) {
  const int stride = 1 << (options.channel_mult.size() - 1);
  if (options.image_size % stride != 0)
    fail(ErrorCode::config, "ADM classifier: image_size is {}, expected a multiple of {}: there are {} levels",
         options.image_size, stride, options.channel_mult.size());
  return options.image_size / stride;
}

}  // namespace

AdmClassifier::AdmClassifier(ParameterSource& source, const AdmClassifierOptions& options)
    : options_(options), encoder_(make_encoder(source, encoder_options(options))) {
  const int channels = encoder_.out_channels();
  norm_out_ = GroupNorm(source, "out.0", channels, 32, 1e-5);
  pool_ = AdmAttentionPool(source, "out.2", channels, deepest_extent(options), channels / options.num_head_channels,
                           options.n_classes);
}

at::Tensor AdmClassifier::forward(const at::Tensor& x, const at::Tensor& t) const {
  encoder_.require_shapes(x, t);
  if (x.size(2) != options_.image_size || x.size(3) != options_.image_size)
    fail(ErrorCode::shape, "ADM classifier: expected images of {0} x {0}, found {1} x {2}", options_.image_size, x.size(2),
         x.size(3));
  const Mode plain = PlainMode{};
  const Ids none;
  const at::Tensor h = encoder_.forward(x, at::silu(encoder_.embed(t)), DropoutSites(plain, none), nullptr);
  return pool_(norm_out_.then_silu(h)).to(at::kFloat);
}

}  // namespace alea::nn
