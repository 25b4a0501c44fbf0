#pragma once

#include <filesystem>
#include <string>

namespace alea {

/// The folder of what alea ships (manifests, embedded weights, reference statistics): $ALEA_SHARE where it is set and not empty,
/// else share/alea beside the running program's bin, else data/ of the source tree that the program was built from. Whether it
/// exists is for the reader of its files to say.
std::filesystem::path share_folder();

/// A file of the tree that comes with alea but isn't data: "protocols/reproduce.json". Below share_folder() where it is there, else
/// in the source tree that the program was built from.
std::filesystem::path shipped_file(const std::string& name);

}  // namespace alea
