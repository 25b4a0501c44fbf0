#include "metrics/equal_size.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "metrics/lapack.h"

namespace alea {

std::vector<std::size_t> kept_of_shares(std::span<const double> shares, std::size_t n) {
  std::vector<std::size_t> kept;
  for (const double share : shares) {
    if (!(share > 0 && share <= 1)) fail(ErrorCode::domain, "retained: a share of {}, expected one in (0, 1]", share);
    kept.push_back(std::max<std::size_t>(1, static_cast<std::size_t>(std::llround(share * static_cast<double>(n)))));
  }
  return kept;
}

EqualSizeDistances::EqualSizeDistances(const FeatureView& features, std::span<const std::uint64_t> ids,
                                       const FrechetReference& reference, std::size_t size, std::uint64_t seed,
                                       std::uint32_t draws)
    : features_(features), reference_(reference), size_(size), orders_(draws) {
  if (ids.size() != features.n) fail(ErrorCode::shape, "retained: {} ids for {} features", ids.size(), features.n);
  if (size < 2 || draws == 0)
    fail(ErrorCode::domain, "retained: {} draws of {} samples, expected at least 1 of at least 2", draws, size);
  tbb::parallel_for(std::uint32_t{0}, draws,
                    [&](std::uint32_t draw) { orders_[draw] = rank_by_score(random_scores(ids, seed, draw), KeepSide::lowest); });
}

std::vector<double> EqualSizeDistances::of_members(const std::vector<std::uint8_t>& member) const {
  std::vector<double> distances(orders_.size());
  tbb::parallel_for(std::size_t{0}, orders_.size(), [&](std::size_t draw) {
    const SingleThreadedBlas one_thread;
    std::vector<std::uint32_t> rows;
    for (const std::uint32_t row : orders_[draw])
      if (member[row] != 0 && rows.size() < size_) rows.push_back(row);
    std::sort(rows.begin(), rows.end());
    MomentSums sums(reference_.gaussian().mean);
    sums.add(features_, rows);
    distances[draw] = reference_.distance(fit_gaussian(sums));
  });
  return distances;
}

std::vector<double> EqualSizeDistances::kept(std::span<const double> scores, std::size_t keep, KeepSide side) const {
  if (scores.size() != features_.n) fail(ErrorCode::shape, "retained: {} scores for {} features", scores.size(), features_.n);
  if (keep < size_)
    fail(ErrorCode::domain,
         "retained: {} samples of each set are measured, and one keeps only {}: lower the size, or raise the share", size_, keep);
  std::vector<std::uint8_t> member(features_.n, 0);
  for (const std::uint32_t row : keep_by_score(scores, keep, side)) member[row] = 1;
  return of_members(member);
}

std::vector<double> EqualSizeDistances::random() const {
  if (features_.n < size_) fail(ErrorCode::domain, "retained: {} samples of {}", size_, features_.n);
  return of_members(std::vector<std::uint8_t>(features_.n, 1));
}

}  // namespace alea
