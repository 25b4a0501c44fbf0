#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/config.h"
#include "data/image_source.h"

namespace alea {

/// The manifests of data sets, by file name. Error{io} when their folder can't be listed.
std::vector<Json> read_manifests();

/// The first folder for which `holds` is true: options.root alone where given, else $ALEA_DATA/<name of the set> and the
/// manifest's "system_folders". Error{io} names all places, `expected` (what should lie there) and how to get it.
std::filesystem::path find_set_folder(const Json& manifest, const SourceOptions& options, const std::string& expected,
                                      const std::function<bool(const std::filesystem::path&)>& holds);

/// What `open` gives, of which without a limit there must be `count` images: Error{data} naming the set otherwise.
std::unique_ptr<ImageSource> open_whole(const std::string& set, std::uint64_t count, const SourceOptions& options,
                                        const std::function<std::unique_ptr<ImageSource>(const SourceOptions&)>& open);

bool is_file(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);

}  // namespace alea
