#include "protocols/guide_thresholds.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "core/files.h"
#include "formats/safetensors.h"

namespace alea {
namespace {

constexpr const char* kFormat = "alea.thresholds.1";

template <class T>
std::vector<T> values_of(const SafetensorsFile& file, const char* key, DType dtype) {
  const auto found = file.tensors().find(key);
  if (found == file.tensors().end() || found->second.dtype != dtype)
    fail(ErrorCode::data, "{}: key {}: expected {}, found {}; is it a file of `alea thresholds`?", file.path().string(), key,
         dtype_name(dtype), found == file.tensors().end() ? "nothing" : dtype_name(found->second.dtype));
  std::vector<T> out(found->second.bytes.size() / sizeof(T));
  if (!out.empty()) std::memcpy(out.data(), found->second.bytes.data(), out.size() * sizeof(T));
  return out;
}

const std::string& text_of(const SafetensorsFile& file, const char* key) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end())
    fail(ErrorCode::data, "{}: metadata {}: expected a text, found nothing; is it a file of `alea thresholds`?",
         file.path().string(), key);
  return found->second;
}

template <class T>
T number_of(const SafetensorsFile& file, const Json& facts, const char* key) {
  if (!facts.contains(key) || !facts[key].is_number())
    fail(ErrorCode::data, "{}: metadata facts: expected a number {}, found none", file.path().string(), key);
  return facts[key].get<T>();
}

void check(const GuidanceThresholds& t, const std::string& source) {
  const auto width = static_cast<std::int64_t>(t.indices.size());
  if (width == 0 || (t.shape.size() != 1 && t.shape.size() != 4) || t.shape[0] != width)
    fail(ErrorCode::data, "{}: key thresholds: expected [{}] or [{}, C, H, W], found [{}]", source, width, width,
         fmt::join(t.shape, ", "));
  if (std::adjacent_find(t.indices.begin(), t.indices.end(), std::greater_equal<>()) != t.indices.end())
    fail(ErrorCode::data, "{}: key indices: expected ascending solver indices, found {}", source, fmt::join(t.indices, ", "));
  const auto wrong = std::find_if(t.values.begin(), t.values.end(), [](float v) { return !std::isfinite(v); });
  if (wrong != t.values.end())
    fail(ErrorCode::data, "{}: key thresholds: element {} isn't finite", source, wrong - t.values.begin());
}

}  // namespace

ThresholdsFile load_thresholds_file(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  const std::string source = path.string();
  ThresholdsFile out;
  if (text_of(file, "format") != kFormat)
    fail(ErrorCode::data, "{}: metadata format: expected {}, found {}", source, kFormat, text_of(file, "format"));
  out.thresholds = {values_of<std::int64_t>(file, "indices", DType::i64), {}, values_of<float>(file, "thresholds", DType::f32)};
  out.thresholds.shape = file.tensors().at("thresholds").shape;
  check(out.thresholds, source);
  const Json facts = parse_json(text_of(file, "facts"), source);
  out.quantile = number_of<double>(file, facts, "quantile");
  out.n_samples = number_of<std::uint64_t>(file, facts, "n_samples");
  out.first_id = number_of<std::uint64_t>(file, facts, "first_id");
  out.seed = number_of<std::uint64_t>(file, facts, "seed");
  out.model = parse_json(text_of(file, "model"), source);
  out.sampler = parse_json(text_of(file, "sampler"), source);
  out.uncertainty = parse_json(text_of(file, "uncertainty"), source);
  out.weights_sha256 = text_of(file, "weights_sha256");
  out.sha256 = sha256_file(path);
  return out;
}

void write_thresholds_file(const std::filesystem::path& path, const ThresholdsFile& file) {
  const GuidanceThresholds& t = file.thresholds;
  check(t, path.string());
  const Json facts{{"quantile", file.quantile}, {"n_samples", file.n_samples}, {"first_id", file.first_id}, {"seed", file.seed}};
  write_safetensors(path,
                    {{"thresholds", {DType::f32, t.shape, std::as_bytes(std::span(t.values))}},
                     {"indices", {DType::i64, {t.shape[0]}, std::as_bytes(std::span(t.indices))}}},
                    {{"format", kFormat},
                     {"facts", facts.dump()},
                     {"model", file.model.dump()},
                     {"sampler", file.sampler.dump()},
                     {"uncertainty", file.uncertainty.dump()},
                     {"weights_sha256", file.weights_sha256}});
}

std::string describe(const ThresholdsFile& file) {
  const GuidanceThresholds& t = file.thresholds;
  const auto [low, high] = std::minmax_element(t.values.begin(), t.values.end());
  return fmt::format(
      "thresholds   [{}], {:.4g} to {:.4g}\nquantile     {}\nsteps        solver indices {} to {}\nimages       {}, ids from {}, "
      "seed {}\nuncertainty  {}\nmodel        {} (weights {:.12})\nsampler      {}\n",
      fmt::join(t.shape, ", "), *low, *high, file.quantile, t.indices.front(), t.indices.back(), file.n_samples, file.first_id,
      file.seed, file.uncertainty.dump(), file.model.dump(), file.weights_sha256.empty() ? "none" : file.weights_sha256,
      file.sampler.dump());
}

}  // namespace alea
