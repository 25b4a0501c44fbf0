#include "data/reference_stats.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <map>

#include "core/error.h"
#include "core/files.h"
#include "data/statistics_file.h"
#include "formats/safetensors.h"

namespace alea {
namespace {

constexpr double kSymmetryTolerance = 1e-9;  // of the largest variance: what sums in another order leave

std::vector<double> read_doubles(const SafetensorsFile& file, const std::string& key, const std::vector<std::int64_t>& shape) {
  const TensorSpan& tensor = file.tensors().at(key);
  if (tensor.dtype != DType::f64 || tensor.shape != shape)
    fail(ErrorCode::data, "{}: key {}: expected F64 [{}], found {} [{}]", file.path().string(), key, fmt::join(shape, ", "),
         dtype_name(tensor.dtype), fmt::join(tensor.shape, ", "));
  std::vector<double> values(tensor.bytes.size() / sizeof(double));
  if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

void check_keys(const SafetensorsFile& file) {
  for (const char* key : {"mean", "covariance"})
    if (!file.tensors().contains(key))
      fail(ErrorCode::data, "{}: expected a tensor {}, found none; is it a file of reference statistics?", file.path().string(),
           key);
  if (file.tensors().size() != 2)
    fail(ErrorCode::data, "{}: expected the tensors mean and covariance alone, found {} tensors", file.path().string(),
         file.tensors().size());
}

const std::string& read_text(const SafetensorsFile& file, const std::string& key) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end() || found->second.empty())
    fail(ErrorCode::data, "{}: metadata {}: expected a text, found nothing", file.path().string(), key);
  return found->second;
}

std::uint64_t read_count(const SafetensorsFile& file, const std::string& key) {
  const std::string& text = read_text(file, key);
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size())
    fail(ErrorCode::data, "{}: metadata {}: expected a whole number, found \"{:.100}\"", file.path().string(), key, text);
  return n;
}

/// Finite, symmetric, no negative variance, at least two samples: what every distance assumes.
void check_values(const ReferenceStats& stats, const std::string& source, ErrorCode code) {
  const std::size_t d = stats.mean.size();
  if (stats.n < 2) fail(code, "{}: n: expected at least 2 samples, found {}", source, stats.n);
  double largest = 0;
  for (std::size_t i = 0; i < d; ++i) {
    if (!std::isfinite(stats.mean[i])) fail(code, "{}: mean[{}]: expected a finite number, found {}", source, i, stats.mean[i]);
    const double variance = stats.covariance[i * d + i];
    if (!(variance >= 0)) fail(code, "{}: covariance[{}, {}]: expected a variance, found {}", source, i, i, variance);
    largest = std::max(largest, variance);
  }
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      const double low = stats.covariance[i * d + j], high = stats.covariance[j * d + i];
      if (!std::isfinite(low) || !std::isfinite(high))
        fail(code, "{}: covariance[{}, {}]: expected finite numbers, found {} and {}", source, i, j, low, high);
      if (std::abs(low - high) > kSymmetryTolerance * largest)
        fail(code, "{}: covariance[{}, {}]: expected a symmetric matrix, found {} and {}", source, i, j, low, high);
    }
}

ReferenceStats from_npz(const fs::path& path) {
  StatisticsFile file = load_statistics(path);
  const Json& facts = file.facts;
  const auto text = [&](const char* pointer) {
    const Json::json_pointer at(pointer);
    if (!facts.contains(at) || !facts.at(at).is_string())
      fail(ErrorCode::data,
           "{}: key alea: {}: expected a text, found none: only statistics that `alea stats build` or `alea metrics "
           "--stats-out` wrote say of which images and with which weights they were made",
           path.string(), pointer);
    return facts.at(at).get<std::string>();
  };
  if (file.n < 2) fail(ErrorCode::data, "{}: key n: expected at least 2 samples, found {}", path.string(), file.n);
  const Json::json_pointer set("/images/set");
  const bool named = facts.contains(set) && facts.at(set).is_string();
  return {.set = named ? facts.at(set).get<std::string>() : path.stem().string(),
          .set_sha256 = text("/images/digest"),
          .network = text("/encoder/network"),
          .network_sha256 = text("/encoder/weights_sha256"),
          .fingerprint = text("/fingerprint"),
          .n = file.n,
          .mean = std::move(file.pool.mean),
          .covariance = std::move(file.pool.covariance),
          .sha256 = file.sha256};
}

}  // namespace

ReferenceStats load_reference_stats(const fs::path& path) {
  if (path.extension() == ".npz") return from_npz(path);
  const SafetensorsFile file(path);
  check_keys(file);
  const TensorSpan& mean = file.tensors().at("mean");
  if (mean.shape.size() != 1 || mean.shape[0] < 1)
    fail(ErrorCode::data, "{}: key mean: expected F64 [d] with d >= 1, found {} [{}]", path.string(), dtype_name(mean.dtype),
         fmt::join(mean.shape, ", "));
  const std::int64_t d = mean.shape[0];
  ReferenceStats stats;
  stats.mean = read_doubles(file, "mean", {d});
  stats.covariance = read_doubles(file, "covariance", {d, d});
  stats.set = read_text(file, "set");
  stats.set_sha256 = read_text(file, "set_sha256");
  stats.network = read_text(file, "network");
  stats.network_sha256 = read_text(file, "network_sha256");
  stats.n = read_count(file, "n");
  check_values(stats, path.string(), ErrorCode::data);
  stats.sha256 = sha256_file(path);
  return stats;
}

void write_reference_stats(const fs::path& path, const ReferenceStats& stats) {
  const std::size_t d = stats.mean.size();
  if (d == 0 || stats.covariance.size() != d * d)
    fail(ErrorCode::shape, "{}: expected a mean [d] and a covariance [d, d], found {} and {} values", path.string(), d,
         stats.covariance.size());
  for (const std::string* text : {&stats.set, &stats.set_sha256, &stats.network, &stats.network_sha256})
    if (text->empty())
      fail(ErrorCode::domain, "{}: expected names and hashes of the set and of the network, found an empty one", path.string());
  check_values(stats, path.string(), ErrorCode::domain);
  const auto extent = static_cast<std::int64_t>(d);
  write_safetensors(path,
                    {{"mean", {DType::f64, {extent}, std::as_bytes(std::span(stats.mean))}},
                     {"covariance", {DType::f64, {extent, extent}, std::as_bytes(std::span(stats.covariance))}}},
                    {{"set", stats.set},
                     {"set_sha256", stats.set_sha256},
                     {"network", stats.network},
                     {"network_sha256", stats.network_sha256},
                     {"n", std::to_string(stats.n)}});
}

}  // namespace alea
