#pragma once

#include <filesystem>
#include <string>

#include "core/config.h"
#include "data/reference_stats.h"
#include "run/features.h"

namespace alea {

/// The Gaussian of the features of a named data set: what `alea stats build` stores. `root` as in load_dataset.
/// Error{io} or Error{data} for the set, Error{config} or Error{shape} for the network.
ReferenceStats reference_of_set(const std::string& set, const std::filesystem::path& root, const std::string& network);

/// Looks at the statistics that a resolved config names under "reference" and "second_reference", so that a missing or foreign
/// file is found before hours of sampling and not after. Returns what it is, for people. Error{io} when it isn't there,
/// Error{data} when damaged, Error{not_comparable} when its features come from another network than `features`.
std::string check_reference(const Json& config, const FeatureFacts& features);

}  // namespace alea
