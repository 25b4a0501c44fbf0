#pragma once

#include <filesystem>

namespace alea {

/// The folder of what alea ships (manifests, embedded weights, reference statistics): $ALEA_SHARE where it is set and not empty,
/// else share/alea beside the running program's bin, else data/ of the source tree that the program was built from. Whether it
/// exists is for the reader of its files to say.
std::filesystem::path share_folder();

}  // namespace alea
