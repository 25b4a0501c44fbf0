#include "protocols/real_features.h"

#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "core/files.h"
#include "formats/safetensors.h"

namespace alea {
namespace {

std::string text_of(const SafetensorsFile& file, const std::string& key) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end())
    fail(ErrorCode::data, "{}: metadata {}: expected a text, found nothing; is it a file of real features?", file.path().string(),
         key);
  return found->second;
}

std::uint64_t count_of(const SafetensorsFile& file, const std::string& key) {
  const std::string text = text_of(file, key);
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size())
    fail(ErrorCode::data, "{}: metadata {}: expected a whole number, found \"{:.100}\"", file.path().string(), key, text);
  return n;
}

void read_rows(const SafetensorsFile& file, RealFeatures& out) {
  const auto found = file.tensors().find("features");
  if (found == file.tensors().end() || found->second.dtype != DType::f32 || found->second.shape.size() != 2)
    fail(ErrorCode::data, "{}: key features: expected F32 [n, d], found {}", file.path().string(),
         found == file.tensors().end()
             ? std::string("none")
             : fmt::format("{} [{}]", dtype_name(found->second.dtype), fmt::join(found->second.shape, ", ")));
  out.n = static_cast<std::size_t>(found->second.shape[0]);
  out.d = static_cast<std::size_t>(found->second.shape[1]);
  out.features.resize(found->second.bytes.size() / sizeof(float));
  if (!out.features.empty()) std::memcpy(out.features.data(), found->second.bytes.data(), found->second.bytes.size());
  for (std::size_t i = 0; i < out.features.size(); ++i)
    if (!std::isfinite(out.features[i]))
      fail(ErrorCode::data, "{}: features[{}, {}] is {}, expected a finite number", file.path().string(), i / out.d, i % out.d,
           out.features[i]);
}

}  // namespace

bool is_real_features_file(const std::string& images) { return fs::path(images).extension() == ".safetensors"; }

RealFeatures load_real_features(const fs::path& path, const FeatureIdentity& identity) {
  if (!fs::exists(path)) fail(ErrorCode::io, "{}: /reference_images: no such file of real features", path.string());
  const SafetensorsFile file(path);
  RealFeatures out;
  read_rows(file, out);
  out.images = text_of(file, "images");
  out.images_sha256 = text_of(file, "images_sha256");
  out.identity = {text_of(file, "network"), text_of(file, "network_sha256"), text_of(file, "fingerprint")};
  out.of = count_of(file, "of");
  if (out.identity != identity)
    fail(ErrorCode::not_comparable,
         "{}: features of {} (sha256 {:.12}), but this run's are of {} (sha256 {:.12}), or images reach it in another way; name "
         "the "
         "images themselves under /reference_images",
         path.string(), out.identity.network, out.identity.network_sha256, identity.network, identity.network_sha256);
  out.sha256 = sha256_file(path);
  return out;
}

void write_real_features(const fs::path& path, const RealFeatures& features) {
  write_safetensors(path,
                    {{"features",
                      {DType::f32,
                       {static_cast<std::int64_t>(features.n), static_cast<std::int64_t>(features.d)},
                       std::as_bytes(std::span(features.features))}}},
                    {{"images", features.images},
                     {"images_sha256", features.images_sha256},
                     {"network", features.identity.network},
                     {"network_sha256", features.identity.network_sha256},
                     {"fingerprint", features.identity.fingerprint},
                     {"of", std::to_string(features.of)}});
}

}  // namespace alea
