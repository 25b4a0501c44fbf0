#include "models/weights.h"

#include <ATen/Functions.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <optional>

#include "core/error.h"
#include "core/files.h"
#include "core/philox.h"
#include "formats/mapped_file.h"
#include "formats/safetensors.h"
#include "formats/torch_archive.h"

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

std::optional<at::ScalarType> floating_type(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return at::kFloat;
    case DType::f16:
      return at::kHalf;
    case DType::bf16:
      return at::kBFloat16;
    case DType::f64:
      return at::kDouble;
    default:
      return std::nullopt;
  }
}

/// A copy as float32. Half-precision tensors are converted out of the file: a copy of each would leave holes in the heap as large
/// as the file. `aligned` is room for those that lie at odd addresses, as in the legacy container.
at::Tensor to_float(const TensorSpan& span, at::ScalarType type, Bytes& aligned) {
  if (type == at::kFloat || span.bytes.empty()) {
    const at::Tensor values = at::empty(span.shape, at::kFloat);
    if (!span.bytes.empty()) std::memcpy(values.mutable_data_ptr(), span.bytes.data(), span.bytes.size());
    return values;
  }
  const std::byte* data = span.bytes.data();
  if (reinterpret_cast<std::uintptr_t>(data) % dtype_bytes(span.dtype) != 0) {
    aligned.assign(span.bytes.begin(), span.bytes.end());
    data = aligned.data();
  }
  return at::from_blob(const_cast<std::byte*>(data), span.shape, at::TensorOptions().dtype(type)).to(at::kFloat);
}

void check_sha256(const std::filesystem::path& path, const std::string& expected, const std::string& found) {
  constexpr std::size_t kShortest = 8;  // what hub file names carry
  if (expected.empty()) return;
  if (expected.size() < kShortest || expected.find_first_not_of("0123456789abcdef") != expected.npos)
    fail(ErrorCode::config, "{}: expected a sha256 of 64 hex digits or its first 8 or more, found \"{}\"", path.string(),
         expected);
  if (!found.starts_with(expected))
    fail(ErrorCode::data, "{}: sha256 is {}, the manifest expects {}; fetch or train the file again", path.string(), found,
         expected);
}

}  // namespace

at::Tensor MapSource::take(const std::string& name, at::IntArrayRef shape, ParameterRole) {
  const auto found = weights_.find(name);
  if (found == weights_.end()) {
    problems_.push_back("missing     " + name + " " + shape_text(shape));
    return at::empty(shape);
  }
  taken_.push_back(name);
  if (found->second.sizes() != shape) {
    problems_.push_back("mis-shaped  " + name + ": expected " + shape_text(shape) + ", found " +
                        shape_text(found->second.sizes()));
    return at::empty(shape);
  }
  return found->second;
}

void MapSource::finish() const {
  auto problems = problems_;
  const std::map<std::string, int> taken = [&] {
    std::map<std::string, int> names;
    for (const auto& name : taken_) names[name] = 1;
    return names;
  }();
  for (const auto& [name, tensor] : weights_)
    if (!taken.contains(name)) problems.push_back("unexpected  " + name + " " + shape_text(tensor.sizes()));
  if (problems.empty()) return;
  std::string text = fmt::format("{}: {} parameters don't fit the network:", source_, problems.size());
  for (const auto& problem : problems) text += "\n  " + problem;
  throw Error(ErrorCode::data, text);
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
  if (!std::filesystem::exists(path))
    fail(ErrorCode::io, "{}: weights not found; train them with 'alea train', or fetch them with scripts/fetch", path.string());
  LoadedWeights loaded;
  loaded.sha256 = sha256_file(path);
  check_sha256(path, expected_sha256, loaded.sha256);
  const MappedFile file(path);
  std::map<std::string, TensorSpan> spans;
  std::shared_ptr<const void> owner;
  if (is_torch_archive(file.bytes()))
    owner = parse_torch_archive(file.bytes(), path.string(), spans, member);
  else
    parse_safetensors(file.bytes(), path.string(), spans, loaded.metadata);
  file.forget(file.bytes());  // read for its checksums
  Bytes aligned;
  for (const auto& [name, span] : spans) {
    if (const auto type = floating_type(span.dtype))
      loaded.tensors[name] = to_float(span, *type, aligned);
    else
      loaded.left_out.push_back(name);
    file.forget(span.bytes);
  }
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
