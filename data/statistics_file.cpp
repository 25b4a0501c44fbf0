#include "data/statistics_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/files.h"
#include "data/reference_stats.h"
#include "formats/checks.h"
#include "formats/mapped_file.h"
#include "formats/npy.h"
#include "formats/safetensors.h"
#include "formats/zip.h"

namespace alea {
namespace {

constexpr double kSymmetryTolerance = 1e-5;  // of the largest variance: what float32 sums leave
constexpr std::size_t kPoolWidth = 2048, kSpatialWidth = 2023;

std::string describe_array(const NpyHeader& header) {
  return fmt::format("{} [{}]", dtype_name(header.dtype), fmt::join(header.shape, ", "));
}

void check_moments(const MeanCovariance& moments, const std::string& source, const std::string& key, ErrorCode code) {
  const std::size_t d = moments.mean.size();
  double largest = 0;
  for (std::size_t i = 0; i < d; ++i) {
    const double variance = moments.covariance[i * d + i];
    if (!std::isfinite(moments.mean[i]))
      fail(code, "{}: mean[{}] of {} is {}, expected a finite number", source, i, key, moments.mean[i]);
    if (!(variance >= 0) || !std::isfinite(variance))
      fail(code, "{}: key {}: [{}, {}] is {}, expected a variance", source, key, i, i, variance);
    largest = std::max(largest, variance);
  }
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const double low = moments.covariance[i * d + j], high = moments.covariance[j * d + i];
      if (!(std::abs(low - high) <= kSymmetryTolerance * largest))
        fail(code, "{}: key {}: [{}, {}] is {} and [{}, {}] is {}, expected a symmetric covariance", source, key, i, j, low, j, i,
             high);
    }
}

MeanCovariance read_moments(const NpzFile& file, const std::string& mean_key, const std::string& covariance_key,
                            const std::string& source) {
  for (const auto& key : {mean_key, covariance_key})
    if (!file.contains(key)) fail(ErrorCode::data, "{}: expected a key {}, found {}", source, key, fmt::join(file.names(), ", "));
  const auto& mean = file.header(mean_key).shape;
  const auto& covariance = file.header(covariance_key).shape;
  if (mean.size() != 1 || mean[0] == 0 || covariance != std::vector<std::uint64_t>{mean[0], mean[0]})
    fail(ErrorCode::data, "{}: expected {} [d] and {} [d, d], found {} and {}", source, mean_key, covariance_key,
         describe_array(file.header(mean_key)), describe_array(file.header(covariance_key)));
  MeanCovariance moments{as_doubles(file.read(mean_key)), as_doubles(file.read(covariance_key))};
  check_moments(moments, source, covariance_key, ErrorCode::data);
  return moments;
}

Json parse_facts(std::string_view text, const std::string& source) {
  try {
    return parse_json(text, source);
  } catch (const Error& error) {
    fail(ErrorCode::data, "{}", error.what());
  }
}

Json read_facts(const NpzFile& file, const std::string& source) {
  if (!file.contains("alea")) return Json::object();
  const NpyArray text = file.read("alea");
  if (text.dtype != DType::u8) fail(ErrorCode::data, "{}: key alea: expected U8, found {}", source, dtype_name(text.dtype));
  Json facts = parse_facts(as_text(text.bytes), source + ": key alea");
  if (!facts.is_object()) fail(ErrorCode::data, "{}: key alea: expected a JSON object", source);
  if (facts.contains("fingerprint") && !facts["fingerprint"].is_string())
    fail(ErrorCode::data, "{}: key alea: /fingerprint: expected a text, found {}", source,
         in_quotes(facts["fingerprint"].dump()));
  return facts;
}

/// Others' keys may hold what isn't numbers; that spoils nothing here.
std::string describe_key(const NpzFile& file, const std::string& key) {
  const auto known = {"mu", "sigma", "mu_s", "sigma_s", "arr_0", "n", "alea"};
  return std::ranges::find(known, key) == known.end() ? "not read" : describe_array(file.header(key));
}

StatisticsFile load_npz(const fs::path& path) {
  const NpzFile file(path);
  const std::string source = path.string();
  StatisticsFile out;
  out.pool = read_moments(file, "mu", "sigma", source);
  if (file.contains("mu_s")) out.spatial = read_moments(file, "mu_s", "sigma_s", source);
  out.facts = read_facts(file, source);
  out.layout = !out.facts.empty() ? "alea" : out.spatial ? "adm" : "pytorch-fid";
  if (file.contains("n")) {
    const auto n = as_doubles(file.read("n"));
    if (n.size() == 1 && n[0] >= 2 && n[0] < 1e15) out.n = static_cast<std::uint64_t>(n[0]);
  }
  for (const auto& name : file.names()) out.keys.emplace_back(name, describe_key(file, name));
  if (file.contains("arr_0") && !file.header("arr_0").shape.empty()) out.images = file.header("arr_0").shape[0];
  return out;
}

StatisticsFile load_alea(const fs::path& path) {
  const ReferenceStats stats = load_reference_stats(path);
  StatisticsFile out;
  out.layout = "alea";
  out.pool = {stats.mean, stats.covariance};
  out.n = stats.n;
  out.facts = {
      {"set", stats.set}, {"set_sha256", stats.set_sha256}, {"network", stats.network}, {"network_sha256", stats.network_sha256}};
  out.keys = {{"mean", fmt::format("F64 [{}]", stats.mean.size())},
              {"covariance", fmt::format("F64 [{0}, {0}]", stats.mean.size())}};
  return out;
}

TensorSpan doubles(const std::vector<double>& values, std::vector<std::int64_t> shape) {
  return {DType::f64, std::move(shape), std::as_bytes(std::span(values))};
}

void add_moments(std::map<std::string, TensorSpan>& arrays, const MeanCovariance& moments, const std::string& suffix,
                 const std::string& source) {
  const auto d = static_cast<std::int64_t>(moments.mean.size());
  if (d == 0 || moments.covariance.size() != moments.mean.size() * moments.mean.size())
    fail(ErrorCode::shape, "{}: expected mu{} [d] and sigma{} [d, d], found {} and {} values", source, suffix, suffix, d,
         moments.covariance.size());
  check_moments(moments, source, "sigma" + suffix, ErrorCode::domain);
  arrays["mu" + suffix] = doubles(moments.mean, {d});
  arrays["sigma" + suffix] = doubles(moments.covariance, {d, d});
}

std::string purpose_of(const StatisticsFile& statistics, const std::string& key) {
  const bool inception = statistics.pool.mean.size() == kPoolWidth;
  if (key == "mu" || key == "mean") return inception ? "mean of the features: FID" : "mean of the features";
  if (key == "sigma" || key == "covariance") return "their covariance, divisor n-1 in every tool that writes this key";
  if (key == "mu_s") return "mean of the spatial features, channel fastest: sFID";
  if (key == "sigma_s") return "their covariance";
  if (key == "arr_0") return "images: precision and recall, Inception score; mu and sigma may be of more images than these";
  if (key == "n") return "samples that mu and sigma were fitted to";
  if (key == "alea") return "what alea says of them, JSON";
  return "not used by alea";
}

}  // namespace

bool is_statistics_file(const fs::path& path) {
  if (!fs::is_regular_file(path)) return false;
  if (path.extension() == ".safetensors") return SafetensorsFile(path).tensors().contains("mean");
  return is_zip(MappedFile(path).bytes()) && NpzFile(path).contains("mu");
}

StatisticsFile load_statistics(const fs::path& path) {
  if (!fs::exists(path)) fail(ErrorCode::io, "{}: no such file", path.string());
  StatisticsFile out = path.extension() == ".safetensors" ? load_alea(path) : load_npz(path);
  out.sha256 = sha256_file(path);
  return out;
}

void write_statistics(const fs::path& path, const StatisticsFile& statistics, bool replace) {
  if (fs::exists(path) && !replace) fail(ErrorCode::io, "{}: exists already; remove it or allow its replacement", path.string());
  std::map<std::string, TensorSpan> arrays;
  add_moments(arrays, statistics.pool, "", path.string());
  if (statistics.spatial) add_moments(arrays, *statistics.spatial, "_s", path.string());
  const auto n = static_cast<std::int64_t>(statistics.n);
  arrays["n"] = {DType::i64, {}, std::as_bytes(std::span(&n, 1))};
  if (const auto& stored = statistics.stored) {
    if (stored->n * stored->height * stored->width * 3 != stored->pixels.size())
      fail(ErrorCode::shape, "{}: expected arr_0 [{}, {}, {}, 3], found {} values", path.string(), stored->n, stored->height,
           stored->width, stored->pixels.size());
    arrays["arr_0"] = {DType::u8,
                       {static_cast<std::int64_t>(stored->n), stored->height, stored->width, 3},
                       std::as_bytes(std::span(stored->pixels))};
  }
  const std::string facts = statistics.facts.dump();
  arrays["alea"] = {DType::u8, {static_cast<std::int64_t>(facts.size())}, std::as_bytes(std::span(facts))};
  write_npz(path, arrays, false);
}

std::string describe_statistics(const StatisticsFile& statistics) {
  const std::map<std::string, std::string> writers = {
      {"alea", "alea"}, {"adm", "ADM's evaluator"}, {"pytorch-fid", "pytorch-fid, clean-fid or EDM"}};
  std::string out =
      fmt::format("layout   as {} writes it\nimages   {}\nsha256   {}\n", writers.at(statistics.layout),
                  statistics.n == 0 ? "the file doesn't say of how many" : std::to_string(statistics.n), statistics.sha256);
  for (const auto& [key, what] : statistics.keys) out += fmt::format("{:<8} {}: {}\n", key, what, purpose_of(statistics, key));
  if (statistics.spatial && statistics.spatial->mean.size() != kSpatialWidth)
    out += fmt::format("warning  spatial features are {} wide, sFID's are {}\n", statistics.spatial->mean.size(), kSpatialWidth);
  if (statistics.facts.empty())
    out += "warning  with which weights and resize isn't said: compare only with features of the tool that wrote it\n";
  else
    out += fmt::format("facts    {}\n", statistics.facts.dump(2));
  return out;
}

}  // namespace alea
