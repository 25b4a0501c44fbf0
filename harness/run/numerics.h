#pragma once

#include <filesystem>

#include "core/config.h"

namespace alea {

/// A run's folder is of one numerics class (numerics_of): its first session writes numerics.json, and a session of another class
/// is Error{not_comparable} that names both. Call it before a block is made.
void claim_numerics(const std::filesystem::path& folder, const Json& numerics);

/// The folder's class; null where no session has generated yet.
Json claimed_numerics(const std::filesystem::path& folder);

}  // namespace alea
