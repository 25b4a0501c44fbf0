#include "metrics/selection.h"

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/ids.h"
#include "core/philox.h"
#include "metrics/class_selection.h"
#include "metrics/lapack.h"

namespace alea {
namespace {

/// Subsets in flight are limited so that their sums, 8 d^2 bytes for each group, stay below this.
constexpr std::size_t kSumsBytes = std::size_t{4} << 30;

int subsets_in_flight(std::size_t d) {
  const std::size_t bytes = sizeof(double) * d * d * (kJackknifeGroups + 2);
  const int room = static_cast<int>(std::clamp<std::size_t>(kSumsBytes / bytes, 1, 1024));
  return std::min(room, tbb::this_task_arena::max_concurrency());
}

SubsetDistance mean_over(const std::vector<SubsetDistance>& subsets) {
  const double count = static_cast<double>(subsets.size());
  SubsetDistance mean{0, std::vector<double>(kJackknifeGroups, 0.0)};
  for (const SubsetDistance& subset : subsets) {
    mean.value += subset.value / count;
    for (int g = 0; g < kJackknifeGroups; ++g) mean.leave_one_out[g] += subset.leave_one_out[g] / count;
  }
  return mean;
}

}  // namespace

std::vector<std::uint32_t> rank_by_score(std::span<const double> scores, KeepSide side) {
  const auto bad = std::find_if(scores.begin(), scores.end(), [](double score) { return !std::isfinite(score); });
  if (bad != scores.end()) {
    fail(ErrorCode::domain, "selection: the score of index {} is {}, expected a finite number", bad - scores.begin(), *bad);
  }
  std::vector<std::uint32_t> ranking(scores.size());
  std::iota(ranking.begin(), ranking.end(), 0U);
  std::sort(ranking.begin(), ranking.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (scores[a] != scores[b]) return side == KeepSide::lowest ? scores[a] < scores[b] : scores[a] > scores[b];
    return a < b;
  });
  return ranking;
}

std::vector<std::uint32_t> keep_by_score(std::span<const double> scores, std::size_t keep, KeepSide side) {
  if (keep > scores.size()) fail(ErrorCode::domain, "selection: {} to be kept of {}", keep, scores.size());
  std::vector<std::uint32_t> kept = rank_by_score(scores, side);
  kept.resize(keep);
  std::sort(kept.begin(), kept.end());
  return kept;
}

std::vector<double> random_scores(std::span<const std::uint64_t> ids, std::uint64_t seed, std::uint32_t draw) {
  constexpr std::uint32_t kDraws = 1U << 16;
  if (draw >= kDraws) fail(ErrorCode::domain, "selection: random subset {}, expected less than {}", draw, kDraws);
  std::vector<double> scores(ids.size());
  std::transform(ids.begin(), ids.end(), scores.begin(),
                 [&](std::uint64_t id) { return uniform({.seed = seed, .stream = Stream::subset, .id = id, .pass = draw}); });
  return scores;
}

std::vector<std::uint32_t> random_subset(std::size_t n, std::size_t keep, std::uint64_t seed, std::uint32_t draw) {
  return keep_by_score(random_scores(consecutive_ids(n), seed, draw), keep, KeepSide::lowest);
}

std::size_t reduced_keep(std::size_t keep, std::size_t n, std::size_t left) {
  if (n == 0 || keep > n || left > n) {
    fail(ErrorCode::domain, "selection: keep {} of {} with {} left, expected keep <= n, left <= n and n > 0", keep, n, left);
  }
  return (2 * keep * left + n) / (2 * n);
}

Movement move_without_group(std::span<const std::uint32_t> ranking, std::span<const std::uint64_t> ids, std::size_t keep,
                            int group, std::size_t group_size, std::size_t kept_of_group) {
  const std::size_t n = ranking.size();
  const std::size_t wanted = reduced_keep(keep, n, n - group_size), present = keep - kept_of_group;
  Movement out{wanted > present, {}};
  std::size_t missing = out.enter ? wanted - present : present - wanted;
  // Past the threshold the next in rank enter; where too many are left, the last kept leave.
  for (std::size_t at = out.enter ? keep : keep - 1; missing > 0; out.enter ? ++at : --at) {
    if (jackknife_group(ids[ranking[at]]) == group) continue;
    out.rows.push_back(ranking[at]);
    --missing;
  }
  std::sort(out.rows.begin(), out.rows.end());
  return out;
}

double randomisation_p(double kept_value, std::span<const double> random_values, Tail tail) {
  const auto finite = [](double value) { return std::isfinite(value); };
  if (random_values.empty()) fail(ErrorCode::domain, "randomisation test: no random subsets, expected at least 1");
  if (!finite(kept_value) || !std::all_of(random_values.begin(), random_values.end(), finite)) {
    fail(ErrorCode::domain, "randomisation test: the kept value or one of {} random ones isn't finite", random_values.size());
  }
  const auto extreme = std::count_if(random_values.begin(), random_values.end(), [&](double value) {
    return tail == Tail::lower ? value <= kept_value : value >= kept_value;
  });
  return static_cast<double>(1 + extreme) / static_cast<double>(1 + random_values.size());
}

FilteringAnalysis::FilteringAnalysis(FeatureView features, std::span<const std::uint64_t> ids, const FrechetReference& reference)
    : features_(features), ids_(ids.begin(), ids.end()), reference_(&reference), group_sizes_(jackknife_group_sizes(ids)) {
  if (ids.size() != features.n || features.values.size() != features.n * features.d) {
    fail(ErrorCode::shape, "filtering: {} ids and {} numbers for {} features of width {}", ids.size(), features.values.size(),
         features.n, features.d);
  }
  if (features.d != reference.gaussian().mean.size()) {
    fail(ErrorCode::shape, "filtering: features of width {}, expected the reference's {}", features.d,
         reference.gaussian().mean.size());
  }
  expect_every_group(group_sizes_, "filtering");
}

std::vector<MomentSums> FilteringAnalysis::sums_by_group(std::span<const std::uint32_t> kept) const {
  std::array<std::vector<std::uint32_t>, kJackknifeGroups> rows;
  for (const std::uint32_t row : kept) rows[jackknife_group(ids_[row])].push_back(row);
  std::vector<MomentSums> sums;
  for (auto& of_group : rows) {
    std::sort(of_group.begin(), of_group.end());
    sums.emplace_back(reference_->gaussian().mean).add(features_, of_group);
  }
  return sums;
}

void FilteringAnalysis::select_again(MomentSums& sums, std::span<const std::uint32_t> ranking, std::size_t keep, int group,
                                     std::size_t kept_of_group) const {
  const Movement moving = move_without_group(ranking, ids_, keep, group, group_sizes_[group], kept_of_group);
  MomentSums change(reference_->gaussian().mean);
  change.add(features_, moving.rows);
  moving.enter ? sums += change : sums -= change;
}

SubsetDistance FilteringAnalysis::kept(std::span<const double> scores, std::size_t keep, KeepSide side) const {
  if (scores.size() != features_.n) {
    fail(ErrorCode::shape, "filtering: {} scores for {} features", scores.size(), features_.n);
  }
  if (keep > features_.n) fail(ErrorCode::domain, "filtering: {} to be kept of {}", keep, features_.n);
  const std::vector<std::uint32_t> ranking = rank_by_score(scores, side);
  const std::vector<MomentSums> groups = sums_by_group(std::span(ranking).first(keep));
  MomentSums total = groups.front();
  for (int g = 1; g < kJackknifeGroups; ++g) total += groups[g];
  SubsetDistance result{reference_->distance(fit_gaussian(total)), {}};
  for (int g = 0; g < kJackknifeGroups; ++g) {
    MomentSums others = total;
    others -= groups[g];
    select_again(others, ranking, keep, g, groups[g].n());
    result.leave_one_out.push_back(reference_->distance(fit_gaussian(others)));
  }
  return result;
}

RandomSubsets FilteringAnalysis::random(std::size_t keep, std::uint64_t seed, std::uint32_t draws,
                                        std::span<const std::uint64_t> classes) const {
  if (draws == 0) fail(ErrorCode::domain, "filtering: 0 random subsets, expected at least 1");
  std::vector<SubsetDistance> subsets(draws);
  const int in_flight = subsets_in_flight(features_.d);
  tbb::task_arena arena(in_flight);
  arena.execute([&] {
    tbb::parallel_for(std::uint32_t{0}, draws, [&](std::uint32_t draw) {
      // One pool at a time: BLAS has threads of its own.
      const SingleThreadedBlas one_thread(in_flight > 1);
      const std::vector<double> scores = random_scores(ids_, seed, draw);
      subsets[draw] = kept(classes.empty() ? scores : class_places(scores, classes), keep, KeepSide::lowest);
    });
  });
  RandomSubsets result{{}, mean_over(subsets)};
  for (const SubsetDistance& subset : subsets) result.values.push_back(subset.value);
  return result;
}

}  // namespace alea
