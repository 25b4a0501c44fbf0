#pragma once

#include <filesystem>
#include <string>

#include "protocols/protocol.h"
#include "run/features.h"

namespace alea {

/// Opens the real images that a plan names and takes the features of the first, so that what is missing or doesn't fit is found
/// before hours of sampling. Returns what they are, for
/// people; empty where the plan names none. Error{io} or Error{data} when they can't be had, Error{config} when there are fewer
/// than reference_count, Error{shape} when they are of
/// another extent than the network takes, Error{not_comparable} for a file of other features.
std::string check_real_features(const Plan& plan, const FeatureExtractor& extractor);

/// Writes their features into a run's folder (protocols/real_features.h), unless they are there or the plan names a file of them.
/// Which of them are taken depends on the source and reference_count alone, not on the run's seed: runs of unlike seeds share a
/// reference. Errors as encode_images.
void make_real_features(const Plan& plan, const FeatureExtractor& extractor, const std::filesystem::path& folder);

}  // namespace alea
