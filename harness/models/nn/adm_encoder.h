#pragma once

#include <string>
#include <vector>

#include "models/nn/adm_blocks.h"
#include "models/nn/adm_options.h"

namespace alea::nn {

/// Makes layers as the options say and numbers their dropout sites in order of evaluation.
class AdmParts {
 public:
  AdmParts(ParameterSource& source, const AdmUnetOptions& options, std::vector<std::string>& sites)
      : source(source), options(options), sites_(sites) {}
  int width(std::size_t level) const;
  bool has_attention(std::size_t level) const;
  void add_res_block(AdmStage& stage, const std::string& name, int in, int out, Resampling resampling = Resampling::none) const;
  void add_attention(AdmStage& stage, const std::string& name, int channels, int num_heads) const;
  void add_resampling(AdmStage& stage, const std::string& name, int channels, Resampling direction) const;

  ParameterSource& source;
  const AdmUnetOptions& options;

 private:
  std::vector<std::string>& sites_;
};

/// time_embed, input_blocks and middle_block: what U-Net and classifier share.
class AdmEncoder {
 public:
  explicit AdmEncoder(const AdmParts& parts);

  /// time_embed(cos, sin of t [B]) -> [B, 4 * model_channels].
  at::Tensor embed(const at::Tensor& t) const;
  /// x [B, in, H, W] -> the middle block's answer at 1/2^(levels-1) of the extent; `skips`, where given, gets every input
  /// block's. Error{shape} when x or t don't fit.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& silu_embedding, const DropoutSites& dropout,
                     std::vector<at::Tensor>* skips) const;
  void require_shapes(const at::Tensor& x, const at::Tensor& t) const;

  const std::vector<int>& skip_channels() const { return skip_channels_; }  ///< by input block
  int out_channels() const { return skip_channels_.back(); }

 private:
  void add_level(const AdmParts& parts, std::size_t level);
  std::string name_of_last() const;

  int in_channels_, model_channels_;
  std::int64_t stride_;
  Linear time_1_, time_2_;
  std::vector<AdmStage> input_;
  std::vector<int> skip_channels_;
  AdmStage middle_;
};

}  // namespace alea::nn
