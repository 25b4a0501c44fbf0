#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace alea {

/// Where each score stands among those of its own class: (r + 1/2) / c for the r-th lowest of c, in (0, 1), ties by index.
/// Keeping the lowest (or highest) places of all keeps the same share of every class, to one image: the best of each, whatever
/// the scores of one class are beside those of another. Error{shape} unless there is a class for each score, Error{domain} as
/// rank_by_score.
std::vector<double> class_places(std::span<const double> scores, std::span<const std::uint64_t> classes);

}  // namespace alea
