#pragma once

#include <memory>

#include "models/models.h"

namespace alea {

/// A model around another: what it doesn't say otherwise is the inner one's.
class Wrapper : public Denoiser {
 public:
  /// From the inner model's resolved config.
  Wrapper(const Json& model, const Placement& placement) : model_(make_model(model, placement)), spec_(model_->spec()) {}

  const DenoiserSpec& spec() const override { return spec_; }
  const NoiseSchedule& schedule() const override { return model_->schedule(); }
  at::Tensor to_image(const at::Tensor& x) const override { return model_->to_image(x); }
  at::Tensor map_to_image(const at::Tensor& map) const override { return model_->map_to_image(map); }
  at::Tensor from_image(const at::Tensor& image) const override { return model_->from_image(image); }
  std::optional<LastLayer> last_layer() const override { return model_->last_layer(); }

 protected:
  std::unique_ptr<Denoiser> model_;
  DenoiserSpec spec_;
};

}  // namespace alea
