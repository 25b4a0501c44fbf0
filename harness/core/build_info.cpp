#include "core/build_info.h"

// Written anew by every build in which it would change, so nothing else may include it.
#if __has_include("alea_git_revision.h")
#include "alea_git_revision.h"
#endif

namespace alea {

const BuildInfo& build_info() {
  static const BuildInfo info = [] {
    BuildInfo out;
#ifdef ALEA_VERSION
    out.version = ALEA_VERSION;
#endif
#ifdef ALEA_GIT_REVISION
    out.git_revision = ALEA_GIT_REVISION;
#endif
#ifdef ALEA_GIT_DIRTY
    out.git_dirty = ALEA_GIT_DIRTY;
#endif
#ifdef ALEA_BUILD_TYPE
    out.build_type = ALEA_BUILD_TYPE;
#endif
#ifdef ALEA_NATIVE
    out.native = ALEA_NATIVE;
#endif
    return out;
  }();
  return info;
}

}  // namespace alea
