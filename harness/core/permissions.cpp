#include "core/permissions.h"

#include <atomic>

namespace alea {
namespace {

std::atomic<bool> allowed = false;

}  // namespace

void allow_native_code() { allowed = true; }
bool is_native_code_allowed() { return allowed; }

}  // namespace alea
