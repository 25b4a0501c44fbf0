#include "models/manifest.h"

#include "core/share.h"

namespace alea {

std::optional<std::filesystem::path> data_file_if_there(const std::string& name) {
  namespace fs = std::filesystem;
  for (const fs::path& path : {fs::path(name), share_folder() / name})
    if (fs::is_regular_file(path)) return path;
  return std::nullopt;
}

std::filesystem::path find_data_file(const std::string& name) {
  if (const auto found = data_file_if_there(name)) return *found;
  fail(ErrorCode::io, "{}: not found, neither as given nor as {}", name, (share_folder() / name).string());
}

DenoiserManifest read_denoiser_manifest(const std::filesystem::path& path) {
  ConfigErrors errors;
  auto manifest = read_options<DenoiserManifest>(read_json_file(path), "", errors);
  errors.throw_if_any(path.string());
  return manifest;
}

ImageShape shape_of(const DenoiserManifest& manifest, const std::string& source) {
  if (manifest.shape.size() != 3 || manifest.shape[0] <= 0 || manifest.shape[1] <= 0 || manifest.shape[2] <= 0)
    fail(ErrorCode::config, "{}: /shape: expected [channels, height, width], all positive", source);
  return {manifest.shape[0], manifest.shape[1], manifest.shape[2]};
}

void refuse_label_conventions(const DenoiserManifest& manifest, const std::string& kind, const std::string& source) {
  const char* key = manifest.label_offset != 0 ? "label_offset" : manifest.null_label ? "null_label" : nullptr;
  if (key != nullptr)
    fail(ErrorCode::config, "{}: /{}: {} has no use for it, and leaving it out of account would be a silent error; take it away",
         source, key, kind);
}

}  // namespace alea
