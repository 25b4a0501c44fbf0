#include "models/manifest.h"

#include "core/share.h"

namespace alea {

std::filesystem::path find_data_file(const std::string& name) {
  namespace fs = std::filesystem;
  if (fs::exists(name)) return name;
  const fs::path below = share_folder() / name;
  if (fs::exists(below)) return below;
  fail(ErrorCode::io, "{}: not found, neither as given nor as {}", name, below.string());
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

}  // namespace alea
