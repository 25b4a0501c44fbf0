#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/philox.h"
#include "models/last_layer.h"

namespace alea {

/// A diagonal Laplace approximation about the trained weights theta of a network's last layer (Daxberger et al.,
/// arXiv:2106.14806): the posterior N(theta, diag(1 / (curvature + prior_precision))) under a likelihood of precision 1.
struct LaplaceFit {
  at::Tensor weight_curvature, bias_curvature;  ///< of LastLayer::weight and ::bias, float32, >= 0, summed over the images
  double prior_precision = 1;
  std::map<std::string, std::string> facts{};  ///< what made it: weights_sha256, data, data_sha256, images, curvature, prior, ...
  std::string sha256{};                        ///< of the file it came from
};

/// One safetensors file, its facts as metadata. Error{io}.
void save_laplace_fit(const std::filesystem::path& path, const LaplaceFit& fit);

/// Error{io} with the command that makes one where there is none, Error{data} for a file of another kind, another hash than
/// `expected_sha256` (empty: any), or a curvature that is negative or not finite.
LaplaceFit load_laplace_fit(const std::filesystem::path& path, const std::string& expected_sha256 = "");

/// Mean and variance of eps given x under the posterior, [B, C, H, W] float64; the mean as a shift from the network's own eps.
struct Predictive {
  at::Tensor shift, variance;
};

/// The posterior of a network's last layer.
class LastLayerPosterior {
 public:
  /// `prior_precision` in place of the fit's. Error{config} where the fit is of a layer of another shape.
  LastLayerPosterior(const LastLayer& layer, const LaplaceFit& fit, std::optional<double> prior_precision = {});

  /// eps is linear in the weights, so this is exact: shift 0, variance = conv(input^2, variance of the weight) + variance of the
  /// bias. input: Prediction::last_layer_input.
  Predictive exact(const at::Tensor& input) const;

  /// From `draws` >= 2 layers that all rows share: the mean's shift and the unbiased variance. Layer k is draw(key, k).
  Predictive drawn(const at::Tensor& input, const DrawKey& key, int draws) const;

  /// What layer k of the posterior differs from the trained one by: normals of sites 0 and 1 at pass k, times their deviation.
  LastLayer draw(DrawKey key, int k) const;

 private:
  LastLayer variance_;
};

/// The prior precision at which the evidence of the data has its maximum over a Gaussian prior about 0 (MacKay, "Bayesian
/// Interpolation", 1992): the fixed point of delta = gamma / |theta|^2, gamma = sum_i h_i / (h_i + delta).
double evidence_precision(const LastLayer& layer, const at::Tensor& weight_curvature, const at::Tensor& bias_curvature);

}  // namespace alea
