#include "core/share.h"

#include <cstdlib>
#include <system_error>

namespace alea {

std::filesystem::path share_folder() {
  namespace fs = std::filesystem;
  if (const char* chosen = std::getenv("ALEA_SHARE"); chosen != nullptr && *chosen != '\0') return chosen;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const fs::path installed = program.parent_path().parent_path() / "share" / "alea";
  // A share/alea without manifests belongs to something else.
  if (!error && fs::is_directory(installed / "manifests", error)) return installed;
  return ALEA_DATA_DIR;
}

std::filesystem::path shipped_file(const std::string& name) {
  const auto shared = share_folder() / name;
  return std::filesystem::exists(shared) ? shared : std::filesystem::path(ALEA_DATA_DIR).parent_path() / name;
}

}  // namespace alea
