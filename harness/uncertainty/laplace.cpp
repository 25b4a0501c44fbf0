#include "uncertainty/laplace.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>

#include "core/error.h"
#include "models/weights.h"

namespace alea {
namespace {

constexpr const char* kFormat = "alea laplace 1";
constexpr const char* kWeight = "curvature.weight";
constexpr const char* kBias = "curvature.bias";

std::string fact_of(const LoadedWeights& file, const std::string& path, const std::string& key) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end())
    fail(ErrorCode::data, "{}: no Laplace fit: its metadata lack \"{}\"; make one with alea train (\"train\": \"laplace\")", path,
         key);
  return found->second;
}

at::Tensor curvature_of(const LoadedWeights& file, const std::string& path, const std::string& key) {
  const auto found = file.tensors.find(key);
  if (found == file.tensors.end()) fail(ErrorCode::data, "{}: expected a tensor \"{}\", found none", path, key);
  if (!at::isfinite(found->second).all().item<bool>() || found->second.min().item<float>() < 0)
    fail(ErrorCode::data, "{}: {}: expected numbers >= 0, found one that is negative or not finite", path, key);
  return found->second;
}

double precision_of(const std::string& text, const std::string& path) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || read != end || !(value > 0) || !std::isfinite(value))
    fail(ErrorCode::data, "{}: prior_precision: expected a positive number, found \"{}\"", path, text);
  return value;
}

void require_same_shape(const at::Tensor& curvature, const at::Tensor& parameter, const char* what) {
  if (curvature.sizes() != parameter.sizes())
    fail(ErrorCode::config, "the Laplace fit's {} is [{}], the model's last layer has [{}]; fit this model", what,
         fmt::join(curvature.sizes(), ", "), fmt::join(parameter.sizes(), ", "));
}

at::Tensor variance_of(const at::Tensor& curvature, double prior_precision, const at::Tensor& like) {
  return (curvature.to(at::kDouble) + prior_precision).reciprocal().to(like.device());
}

at::Tensor normals_like(const at::Tensor& variance, const DrawKey& key) {
  const at::Tensor out = at::empty(variance.sizes(), at::kFloat);
  fill_normal(key, {out.mutable_data_ptr<float>(), static_cast<std::size_t>(out.numel())});
  return out.to(variance.options()) * at::sqrt(variance);
}

}  // namespace

void save_laplace_fit(const std::filesystem::path& path, const LaplaceFit& fit) {
  auto metadata = fit.facts;
  metadata["format"] = kFormat;
  metadata["prior_precision"] = fmt::format("{}", fit.prior_precision);
  save_weights(path, {{kWeight, fit.weight_curvature}, {kBias, fit.bias_curvature}}, StoredAs::f32, metadata);
}

LaplaceFit load_laplace_fit(const std::filesystem::path& path, const std::string& expected_sha256) {
  const std::string name = path.string();
  if (!std::filesystem::exists(path))
    fail(ErrorCode::io, "{}: no such Laplace fit; make one with alea train (\"train\": \"laplace\")", name);
  const LoadedWeights file = load_weights(path, expected_sha256);
  if (const auto format = fact_of(file, name, "format"); format != kFormat)
    fail(ErrorCode::data, "{}: expected the format \"{}\", found \"{}\"", name, kFormat, format);
  LaplaceFit fit{.weight_curvature = curvature_of(file, name, kWeight),
                 .bias_curvature = curvature_of(file, name, kBias),
                 .prior_precision = precision_of(fact_of(file, name, "prior_precision"), name),
                 .facts = file.metadata,
                 .sha256 = file.sha256};
  fact_of(file, name, "weights_sha256");
  return fit;
}

LastLayerPosterior::LastLayerPosterior(const LastLayer& layer, const LaplaceFit& fit, std::optional<double> prior_precision)
    : variance_(layer) {
  require_same_shape(fit.weight_curvature, layer.weight, "weight");
  require_same_shape(fit.bias_curvature, layer.bias, "bias");
  const double precision = prior_precision.value_or(fit.prior_precision);
  variance_.weight = variance_of(fit.weight_curvature, precision, layer.weight);
  variance_.bias = variance_of(fit.bias_curvature, precision, layer.bias);
}

Predictive LastLayerPosterior::exact(const at::Tensor& input) const {
  const at::Tensor variance = evaluate_last_layer(variance_, input.to(at::kDouble).square());
  return {at::zeros_like(variance), variance};
}

LastLayer LastLayerPosterior::draw(DrawKey key, int k) const {
  key.pass = static_cast<std::uint32_t>(k);
  LastLayer out = variance_;
  key.site = 0;
  out.weight = normals_like(variance_.weight, key);
  key.site = 1;
  out.bias = normals_like(variance_.bias, key);
  return out;
}

Predictive LastLayerPosterior::drawn(const at::Tensor& input, const DrawKey& key, int draws) const {
  if (draws < 2) fail(ErrorCode::domain, "a variance needs at least 2 draws, found {}", draws);
  at::Tensor sum, squares;
  for (int k = 0; k < draws; ++k) {
    const at::Tensor shift = evaluate_last_layer(draw(key, k), input);
    sum = k == 0 ? shift : sum + shift;
    squares = k == 0 ? shift * shift : squares + shift * shift;
  }
  const at::Tensor mean = sum / draws;
  return {mean, (squares - mean * sum).clamp_min(0) / (draws - 1)};
}

double evidence_precision(const LastLayer& layer, const at::Tensor& weight_curvature, const at::Tensor& bias_curvature) {
  constexpr int kMostRounds = 10000;
  constexpr double kCloseEnough = 1e-12;
  const at::Tensor h_w = weight_curvature.to(at::kDouble), h_b = bias_curvature.to(at::kDouble);
  const auto energy = [](const at::Tensor& x) { return x.to(at::kDouble).square().sum().item<double>(); };
  const double norm = energy(layer.weight) + energy(layer.bias);
  if (!(norm > 0)) fail(ErrorCode::domain, "the evidence of a last layer of zeros has no maximum; give /prior_precision");
  double precision = 1;
  for (int round = 0; round < kMostRounds; ++round) {
    const auto determined = [&](const at::Tensor& h) { return (h / (h + precision)).sum().item<double>(); };
    const double next = (determined(h_w) + determined(h_b)) / norm;
    if (!(next > 0)) fail(ErrorCode::domain, "the data don't determine any weight (curvature 0); give /prior_precision");
    const bool is_done = std::abs(next - precision) <= kCloseEnough * precision;
    precision = next;
    if (is_done) break;
  }
  return precision;
}

}  // namespace alea
