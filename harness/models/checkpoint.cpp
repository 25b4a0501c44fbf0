#include "models/checkpoint.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <utility>

#include "core/big_buffers.h"
#include "core/config.h"
#include "core/error.h"
#include "core/expected_sha256.h"
#include "core/files.h"
#include "formats/torch_archive.h"

namespace alea {
namespace {

/// A layer that lays its parameter out anew frees the copy that it was given, and the next one, aligned, never fits into that
/// hole.
constexpr std::size_t kReleaseEvery = std::size_t{16} << 20;

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
    case DType::f8_e4m3:
      return at::kFloat8_e4m3fn;
    case DType::f8_e5m2:
      return at::kFloat8_e5m2;
    case DType::f8_e4m3fnuz:
      return at::kFloat8_e4m3fnuz;
    case DType::f8_e5m2fnuz:
      return at::kFloat8_e5m2fnuz;
    case DType::f8_e8m0:
      return at::kFloat8_e8m0fnu;
    default:
      return std::nullopt;
  }
}

/// Tensors of fewer bits are converted out of the file: a copy of each would leave holes in the heap as large as the file.
/// Those at odd addresses, as in the legacy container, are copied first.
at::Tensor to_float(const TensorSpan& span, at::ScalarType type) {
  if (type == at::kFloat || span.bytes.empty()) {
    const at::Tensor values = at::empty(span.shape, at::kFloat);
    if (!span.bytes.empty()) std::memcpy(values.mutable_data_ptr(), span.bytes.data(), span.bytes.size());
    return values;
  }
  Bytes aligned;
  const std::byte* data = span.bytes.data();
  if (reinterpret_cast<std::uintptr_t>(data) % dtype_bytes(span.dtype) != 0) {
    aligned.assign(span.bytes.begin(), span.bytes.end());
    data = aligned.data();
  }
  return at::from_blob(const_cast<std::byte*>(data), span.shape, at::TensorOptions().dtype(type)).to(at::kFloat);
}

bool is_index(const std::filesystem::path& path) { return path.string().ends_with(".index.json"); }

/// Key -> file name beside the index.
std::map<std::string, std::string> weight_map(const std::filesystem::path& index) {
  const Json json = read_json_file(index);
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object())
    fail(ErrorCode::data, "{}: /weight_map: expected an object of key -> file name, found {}", index.string(),
         json.is_object() && json.contains("weight_map") ? json["weight_map"].type_name() : "none");
  std::map<std::string, std::string> out;
  for (const auto& [key, file] : json["weight_map"].items()) {
    const bool is_name = file.is_string() && !file.get<std::string>().empty() &&
                         std::filesystem::path(file.get<std::string>()).filename() == file.get<std::string>() &&
                         file.get<std::string>() != "." && file.get<std::string>() != "..";
    if (!is_name)
      fail(ErrorCode::data, "{}: /weight_map/{}: expected the name of a file beside it, found {}", index.string(), key,
           file.dump());
    out[key] = file.get<std::string>();
  }
  return out;
}

/// The files that an index names, in order.
std::vector<std::filesystem::path> shards_of(const std::filesystem::path& index,
                                             const std::map<std::string, std::string>& where) {
  std::set<std::string> names;
  for (const auto& [key, file] : where) names.insert(file);
  std::vector<std::filesystem::path> paths;
  for (const auto& name : names) {
    paths.push_back(index.parent_path() / name);
    if (!std::filesystem::exists(paths.back()))
      fail(ErrorCode::io, "{}: a shard that {} lists isn't there", paths.back().string(), index.string());
  }
  return paths;
}

/// Of what `sha256sum` prints for them.
std::string sha256_of_shards(const std::vector<std::filesystem::path>& shards) {
  std::string lines;
  for (const auto& path : shards) lines += sha256_file(path) + "  " + path.filename().string() + "\n";
  return sha256_hex(std::as_bytes(std::span(lines)));
}

void expect_listed(const std::filesystem::path& index, const std::map<std::string, std::string>& where,
                   const std::map<std::string, TensorSpan>& tensors) {
  for (const auto& [key, file] : where)
    if (!tensors.contains(key)) fail(ErrorCode::data, "{}: key {} is listed in {}, but isn't there", index.string(), key, file);
  for (const auto& [key, span] : tensors)
    if (!where.contains(key)) fail(ErrorCode::data, "{}: key {} is in a shard, but not listed", index.string(), key);
}

/// The wrapper's prefix that every key has, or "".
std::string common_prefix(const std::map<std::string, TensorSpan>& tensors) {
  for (const char* prefix : {"module.", "_orig_mod."}) {
    const auto begins = [&](const auto& entry) { return entry.first.starts_with(prefix); };
    if (!tensors.empty() && std::ranges::all_of(tensors, begins)) return prefix;
  }
  return "";
}

}  // namespace

Checkpoint::Checkpoint(const std::filesystem::path& path, const CheckpointOptions& options) : source_(path.string()) {
  if (!std::filesystem::exists(path))
    fail(ErrorCode::io, "{}: weights not found; train them with 'alea train', or fetch them with scripts/fetch", source_);
  const bool is_sharded = is_index(path);
  const auto where = is_sharded ? weight_map(path) : std::map<std::string, std::string>();
  const std::vector<std::filesystem::path> files = is_sharded ? shards_of(path, where) : std::vector{path};
  sha256_ = is_sharded ? sha256_of_shards(files) : sha256_file(path);
  if (!options.sha256.empty()) require_sha256(source_, options.sha256, sha256_, "fetch or train the file again");
  for (const auto& file : files) open(file, options.member);
  if (is_sharded) expect_listed(path, where, tensors_);
  choose_names(options);
}

void Checkpoint::open(const std::filesystem::path& path, const std::string& member) {
  File& file = files_.emplace_back(File{MappedFile(path), nullptr});
  std::map<std::string, TensorSpan> spans;
  if (is_torch_archive(file.mapped.bytes()))
    file.owner = parse_torch_archive(file.mapped.bytes(), path.string(), spans, member);
  else
    parse_safetensors(file.mapped.bytes(), path.string(), spans, metadata_);
  file.mapped.forget(file.mapped.bytes());  // read for its checksums
  for (auto& [name, span] : spans)
    if (!tensors_.emplace(name, std::move(span)).second)
      fail(ErrorCode::data, "{}: key {} is in an earlier shard too", path.string(), name);
}

void Checkpoint::choose_names(const CheckpointOptions& options) {
  const std::string prefix = options.prefix.empty() ? common_prefix(tensors_) : options.prefix;
  const auto all = std::exchange(tensors_, {});
  for (const auto& [key, span] : all) {
    const bool is_wanted = key.starts_with(prefix);
    if (!is_wanted || !floating_type(span.dtype)) left_out_.push_back(key);
    if (is_wanted) keep(key.substr(prefix.size()), span, options);
  }
  if (tensors_.empty() && !all.empty())
    fail(ErrorCode::data, "{}: none of {} keys is a floating-point tensor that begins with \"{}\"; the first is {}", source_,
         all.size(), prefix, left_out_.front());
}

void Checkpoint::keep(const std::string& key, TensorSpan span, const CheckpointOptions& options) {
  if (span.dtype == DType::c64 || span.dtype == DType::c128)
    fail(ErrorCode::data, "{}: key {}: expected real numbers, found complex ones ({}); save the file without this key", source_,
         key, dtype_name(span.dtype));
  const std::string name = options.rename ? options.rename(key) : key;
  if (!floating_type(span.dtype)) {
    integers_.emplace(name, span.dtype);
    return;
  }
  if (options.reshape) span.shape = options.reshape(name, span.shape);
  if (!tensors_.emplace(name, std::move(span)).second)
    fail(ErrorCode::data, "{}: two keys stand for {}, one of them is {}", source_, name, key);
}

void Checkpoint::refuse_integers(const std::string& name) const {
  const auto found = integers_.find(name);
  if (found == integers_.end()) return;
  fail(ErrorCode::data,
       "{}: key {}: expected floating-point numbers, found {}; save its values, not integers that stand for them", source_, name,
       dtype_name(found->second));
}

at::Tensor Checkpoint::read(const std::string& name) const {
  const TensorSpan& span = tensors_.at(name);
  at::Tensor values = to_float(span, *floating_type(span.dtype));
  for (const auto& file : files_) {
    const auto all = file.mapped.bytes();
    const bool inside = !span.bytes.empty() && span.bytes.data() >= all.data() && span.bytes.data() < all.data() + all.size();
    if (inside) file.mapped.forget(all);  // a fault maps pages of its neighbours too: of 250 tensors, a quarter of the file
  }
  return values;
}

at::Tensor CheckpointSource::take(const std::string& name, at::IntArrayRef shape, ParameterRole) {
  checkpoint_.refuse_integers(name);
  const auto found = checkpoint_.tensors().find(name);
  const bool fits =
      found == checkpoint_.tensors().end() ? problems_.missing(name, shape) : problems_.fits(name, shape, found->second.shape);
  if (!fits) return at::empty(shape);
  at::Tensor values = checkpoint_.read(name);
  n_parameters_ += values.numel();
  n_unreleased_ += values.nbytes();
  if (n_unreleased_ >= kReleaseEvery) {
    release_freed_memory();
    n_unreleased_ = 0;
  }
  return values;
}

void CheckpointSource::finish() const {
  std::map<std::string, std::vector<std::int64_t>> shapes;
  for (const auto& [name, span] : checkpoint_.tensors()) shapes[name] = span.shape;
  problems_.finish(checkpoint_.source(), shapes);
}

}  // namespace alea
