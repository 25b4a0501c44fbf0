#pragma once

#include <filesystem>

#include "core/config.h"

namespace alea {

/// A config file with everything that its `extends` brings in: one path or an array of paths, each relative to the folder of the
/// file that names it. Later files override earlier ones and the file itself overrides all: objects are merged member by member,
/// anything else, arrays too, is replaced. No `extends` is left. Error{io} for a file that can't be read, Error{config} for JSON
/// that isn't one, an `extends` of another type or with an absolute path, a file that is no object, and a circle; all of them
/// name the chain of files that led there.
Json read_config_file(const std::filesystem::path& path);

/// `over` laid on `base` by that rule.
Json merged_config(Json base, const Json& over);

}  // namespace alea
