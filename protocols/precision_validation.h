#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/config.h"
#include "protocols/precision_agreement.h"
#include "protocols/protocol.h"

namespace alea {

/// What a validation asks of the statistic that the config ranks by.
inline constexpr std::uint64_t kLeastImages = 2000;
inline constexpr double kLeastSpearman = 0.99;
inline constexpr double kLeastOverlap = 0.98;  ///< of both kept sets

/// What `alea validate --precision` found, and wrote.
struct PrecisionValidation {
  Json identity;               ///< precision_identity
  std::string weights_sha256;  ///< empty: no weights
  PrecisionAgreement found;
  Json provenance;  ///< the build and machine that compared
};

/// What a validation is of: model, sampler, estimators, start points, precision, the statistic that decides and the kept share of
/// a resolved config. Error{config} for a protocol without them.
Json precision_identity(const Json& config, const std::string& precision);

/// Why it doesn't pass, a clause each; empty: it does. One is "N images are too few ..." where that is so.
std::vector<std::string> objections(const PrecisionValidation& validation);

/// For people: a line a statistic, the images, the verdict.
std::string render_validation(const PrecisionValidation& validation);

/// With a sha256 over all else, so that a changed file is seen.
Json validation_to_json(const PrecisionValidation& validation);
void write_validation(const std::filesystem::path& path, const PrecisionValidation& validation);

/// Error{io} when it can't be read, Error{data} when it isn't what write_validation wrote, or was changed since.
PrecisionValidation read_validation(const std::filesystem::path& path);

/// What a record says of the precision that its config asks for: {} in float32, else the validation that allows it, with the
/// file's sha256. Error{config} with the command that makes one where the config names none, one of something else (another
/// identity, other weights) or one that doesn't pass; errors of read_validation.
Json allowed_precision(const ResolvedConfig& resolved, const std::string& weights_sha256);

}  // namespace alea
