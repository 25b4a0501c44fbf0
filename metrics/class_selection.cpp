#include "metrics/class_selection.h"

#include <map>

#include "core/error.h"
#include "metrics/selection.h"

namespace alea {

std::vector<double> class_places(std::span<const double> scores, std::span<const std::uint64_t> classes) {
  if (classes.size() != scores.size())
    fail(ErrorCode::shape, "selection within classes: {} classes for {} scores", classes.size(), scores.size());
  std::map<std::uint64_t, std::vector<std::uint32_t>> members;
  for (const std::uint32_t index : rank_by_score(scores, KeepSide::lowest)) members[classes[index]].push_back(index);
  std::vector<double> places(scores.size());
  for (const auto& [label, ranking] : members)
    for (std::size_t r = 0; r < ranking.size(); ++r)
      places[ranking[r]] = (static_cast<double>(r) + 0.5) / static_cast<double>(ranking.size());
  return places;
}

}  // namespace alea
