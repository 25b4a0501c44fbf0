#include "models/weights.h"

#include <ATen/Functions.h>

#include <cmath>

#include "core/error.h"
#include "core/philox.h"
#include "formats/safetensors.h"
#include "models/checkpoint.h"

namespace alea {
namespace {

std::uint64_t fnv1a64(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (unsigned char c : text) hash = (hash ^ c) * 0x100000001b3ULL;
  return hash;
}

std::uint64_t splitmix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

std::int64_t fan_in_of(at::IntArrayRef shape) {
  std::int64_t fan = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) fan *= shape[i];
  return fan;
}

std::string shape_text(at::IntArrayRef shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

}  // namespace

bool ParameterProblems::missing(const std::string& name, at::IntArrayRef expected) {
  problems_.push_back("missing     " + name + " " + shape_text(expected));
  return false;
}

bool ParameterProblems::fits(const std::string& name, at::IntArrayRef expected, at::IntArrayRef found) {
  taken_.insert(name);
  if (found == expected) return true;
  problems_.push_back("mis-shaped  " + name + ": expected " + shape_text(expected) + ", found " + shape_text(found));
  return false;
}

void ParameterProblems::finish(const std::string& source, const std::map<std::string, std::vector<std::int64_t>>& there) const {
  auto problems = problems_;
  for (const auto& [name, shape] : there)
    if (!taken_.contains(name)) problems.push_back("unexpected  " + name + " " + shape_text(shape));
  if (problems.empty()) return;
  std::string text = fmt::format("{}: {} parameters don't fit the network:", source, problems.size());
  for (const auto& problem : problems) text += "\n  " + problem;
  throw Error(ErrorCode::data, text);
}

at::Tensor MapSource::take(const std::string& name, at::IntArrayRef shape, ParameterRole) {
  const auto found = weights_.find(name);
  const bool fits = found == weights_.end() ? problems_.missing(name, shape) : problems_.fits(name, shape, found->second.sizes());
  return fits ? found->second : at::empty(shape);
}

void MapSource::finish() const {
  std::map<std::string, std::vector<std::int64_t>> shapes;
  for (const auto& [name, tensor] : weights_) shapes[name] = tensor.sizes().vec();
  problems_.finish(source_, shapes);
}

at::Tensor PlacedSource::take(const std::string& name, at::IntArrayRef shape, ParameterRole role) {
  const bool of_norm = role == ParameterRole::norm_scale || role == ParameterRole::norm_shift;
  return source_.take(name, shape, role).to(placement_.device, of_norm ? at::kFloat : placement_.compute);
}

ParameterSource& PlacedSource::in_float32() {
  if (placement_.compute == at::kFloat) return *this;
  if (!in_float32_) in_float32_ = std::make_unique<PlacedSource>(source_, Placement{.device = placement_.device});
  return *in_float32_;
}

at::Tensor InitialSource::take(const std::string& name, at::IntArrayRef shape, ParameterRole role) {
  at::Tensor values = role == ParameterRole::norm_scale ? at::ones(shape) : at::zeros(shape);
  if (role == ParameterRole::matrix) fan_in_ = fan_in_of(shape);
  if (role == ParameterRole::matrix || role == ParameterRole::bias) {
    const DrawKey key{.seed = seed_, .stream = Stream::weights, .id = fnv1a64(name)};
    fill_uniform(key, {values.mutable_data_ptr<float>(), static_cast<std::size_t>(values.numel())});
    values.mul_(2).sub_(1).mul_(1.0 / std::sqrt(static_cast<double>(fan_in_)));
  }
  ALEA_CHECK(made_.emplace(name, values).second, "parameter {} is asked for twice", name);
  return values;
}

at::Tensor HashedSource::take(const std::string& name, at::IntArrayRef shape, ParameterRole role) {
  at::Tensor values = at::empty(shape);
  float* out = values.mutable_data_ptr<float>();
  const std::uint64_t base = fnv1a64(name);
  const double scale = role == ParameterRole::matrix ? gain_ / std::sqrt(static_cast<double>(fan_in_of(shape))) : 0.1;
  const double offset = role == ParameterRole::norm_scale ? 1.0 : 0.0;
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    const double u = static_cast<double>(splitmix64(base + static_cast<std::uint64_t>(i)) >> 40) / 8388608.0 - 1.0;
    out[i] = static_cast<float>(offset + scale * u);
  }
  return values;
}

at::Tensor MetaSource::take(const std::string& name, at::IntArrayRef shape, ParameterRole) {
  const auto made = at::empty(shape, at::TensorOptions().device(at::kMeta).dtype(at::kFloat));
  ALEA_CHECK(made_.emplace(name, made).second, "parameter {} is asked for twice", name);
  return made;
}

LoadedWeights load_weights(const std::filesystem::path& path, const std::string& expected_sha256, const std::string& member) {
  const Checkpoint checkpoint(path, {.sha256 = expected_sha256, .member = member});
  LoadedWeights loaded{{}, checkpoint.metadata(), checkpoint.sha256(), checkpoint.left_out()};
  for (const auto& [name, span] : checkpoint.tensors()) loaded.tensors[name] = checkpoint.read(name);
  return loaded;
}

void save_weights(const std::filesystem::path& path, const WeightMap& weights, StoredAs dtype,
                  const std::map<std::string, std::string>& metadata) {
  WeightMap held;
  std::map<std::string, TensorSpan> spans;
  for (const auto& [name, tensor] : weights) {
    const auto type = dtype == StoredAs::f16 ? at::kHalf : at::kFloat;
    const auto& kept = held[name] = tensor.detach().to(type).contiguous();
    const auto* data = static_cast<const std::byte*>(kept.const_data_ptr());
    spans[name] = {
        dtype == StoredAs::f16 ? DType::f16 : DType::f32, kept.sizes().vec(), {data, static_cast<std::size_t>(kept.nbytes())}};
  }
  write_safetensors(path, spans, metadata);
}

std::int64_t count_parameters(const WeightMap& weights) {
  std::int64_t count = 0;
  for (const auto& [name, tensor] : weights) count += tensor.numel();
  return count;
}

}  // namespace alea
