#include "metrics/neighbours.h"

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <string>
#include <utility>

#include "core/error.h"
#include "metrics/distance_tiles.h"

namespace alea {
namespace {

struct Candidate {
  float bound = 0;  ///< of half the squared distance, from below, in the frame
  std::uint32_t index = 0;
};
using Neighbour = std::pair<double, std::uint32_t>;

/// For each row the rows that may be among its `kept` nearest. What is dropped is certainly farther than `kept` others.
class CandidateLists {
 public:
  CandidateLists(const FeatureView& features, std::size_t kept)
      : features_(features),
        frame_(common_frame(features, features)),
        framed_(features, frame_),
        kept_(kept),
        room_(2 * kept + 32),
        list_(features.n * room_),
        sizes_(features.n, 0),
        reach_(features.n, std::numeric_limits<float>::infinity()),
        last_index_(features.n, std::numeric_limits<std::uint32_t>::max()) {}

  const FramedRows& framed() const { return framed_; }

  /// Offers each pair of two ranges to both its rows. Two calls at once must not share a range.
  void offer(RowRange rows, RowRange columns, const std::vector<float>& dot) {
    for (std::size_t i = rows.begin; i < rows.end; ++i) {
      const RowRange others{std::max(columns.begin, i + 1), columns.end};
      if (others.begin >= others.end) continue;
      const float* products = dot.data() + (i - rows.begin) * columns.size() + (others.begin - columns.begin);
      const float* reach = reach_.data();
      scan_row(
          framed_, others, products, framed_.lower[i], [reach, i](std::size_t j) { return std::max(reach[i], reach[j]); },
          [&](std::size_t j, float bound) {
            add(i, {bound, static_cast<std::uint32_t>(j)});
            add(j, {bound, static_cast<std::uint32_t>(i)});
          });
    }
  }

  /// The `kept` nearest of row i with their exact distances, ascending, ties by index.
  std::vector<Neighbour> nearest(std::size_t i) const {
    std::vector<Neighbour> exact;
    for (const Candidate& candidate : candidates(i)) {
      exact.emplace_back(squared_distance(features_.row(i), features_.row(candidate.index)), candidate.index);
    }
    std::sort(exact.begin(), exact.end());
    exact.resize(kept_);
    return exact;
  }

  /// Before nearest(): most candidates of the early tiles are out of reach by now.
  void shorten(std::size_t i) {
    std::vector<float> upper;
    for (const Candidate& candidate : candidates(i)) {
      upper.push_back(candidate.bound + framed_.spread[i] + framed_.spread[candidate.index]);
    }
    const auto kth = upper.begin() + static_cast<std::ptrdiff_t>(kept_ - 1);
    std::nth_element(upper.begin(), kth, upper.end());
    reach_[i] = std::min(reach_[i], *kth);
    const auto all = candidates(i);
    const auto end = std::remove_if(all.begin(), all.end(), [&](const Candidate& c) { return c.bound > reach_[i]; });
    sizes_[i] = static_cast<std::uint32_t>(end - all.begin());
  }

 private:
  std::span<Candidate> candidates(std::size_t i) { return {list_.data() + i * room_, sizes_[i]}; }
  std::span<const Candidate> candidates(std::size_t i) const { return {list_.data() + i * room_, sizes_[i]}; }

  void add(std::size_t i, Candidate candidate) {
    if (candidate.bound > reach_[i] || candidate.index > last_index_[i]) return;
    list_[i * room_ + sizes_[i]++] = candidate;
    if (sizes_[i] < room_) return;
    shorten(i);
    // Too many that bounds can't tell apart, as among duplicates: only exact distances can.
    if (sizes_[i] > (room_ + kept_) / 2) settle(i);
  }

  void settle(std::size_t i) {
    const std::vector<Neighbour> exact = nearest(i);
    const auto all = candidates(i);
    const auto stays = [&](const Candidate& candidate) {
      return std::any_of(exact.begin(), exact.end(), [&](const Neighbour& near) { return near.second == candidate.index; });
    };
    const auto end = std::remove_if(all.begin(), all.end(), [&](const Candidate& candidate) { return !stays(candidate); });
    sizes_[i] = static_cast<std::uint32_t>(end - all.begin());
    reach_[i] = std::min(reach_[i], frame_.half(exact.back().first));
    // No one is nearer than a duplicate, and of duplicates the lower index counts: without this a collapsed set costs n^2 d in
    // double.
    if (exact.back().first == 0) last_index_[i] = exact.back().second;
  }

  FeatureView features_;
  Frame frame_;
  FramedRows framed_;
  std::size_t kept_, room_;
  std::vector<Candidate> list_;  ///< [n, room]
  std::vector<std::uint32_t> sizes_;
  std::vector<float> reach_;  ///< a candidate whose bound is above it is certainly too far
  std::vector<std::uint32_t> last_index_;
};

/// Every pair of ranges once; a range is in the hands of one thread at a time.
void offer_all_pairs(CandidateLists& lists) {
  const auto ranges = row_ranges(lists.framed().n);
  std::vector<std::pair<std::size_t, std::size_t>> tiles;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    for (std::size_t j = i; j < ranges.size(); ++j) tiles.emplace_back(i, j);
  }
  std::vector<std::mutex> locks(ranges.size());
  tbb::parallel_for(std::size_t{0}, tiles.size(), [&](std::size_t tile) {
    const auto [i, j] = tiles[tile];
    std::vector<float> dot;
    multiply_rows(lists.framed(), ranges[i], lists.framed(), ranges[j], dot);
    const std::unique_lock first(locks[i]);
    std::unique_lock<std::mutex> second;
    if (i != j) second = std::unique_lock(locks[j]);  // ascending, so no two wait for each other
    lists.offer(ranges[i], ranges[j], dot);
  });
}

}  // namespace

void expect_finite_rows(const FeatureView& features, const char* what) {
  if (features.d == 0 || features.n > std::numeric_limits<std::uint32_t>::max() ||
      features.values.size() != features.n * features.d) {
    fail(ErrorCode::shape, "{}: {} numbers for {} rows of width {}", what, features.values.size(), features.n, features.d);
  }
  constexpr int kNamed = 5;
  std::size_t bad = 0;
  std::string first;
  for (std::size_t i = 0; i < features.n; ++i) {
    const auto row = features.row(i);
    if (std::all_of(row.begin(), row.end(), [](float value) { return std::isfinite(value); })) continue;
    if (bad++ < kNamed) first += fmt::format(" {}", i);
  }
  if (bad > 0) {
    fail(ErrorCode::domain, "{}: {} of {} rows hold NaN or infinity, first:{}; take these images out or find their cause", what,
         bad, features.n, first);
  }
}

NeighbourTable nearest_neighbours(const FeatureView& features, std::size_t kept) {
  expect_finite_rows(features, "neighbours");
  if (kept == 0 || features.n < kept + 1) {
    fail(ErrorCode::domain, "neighbours: {} of each row are wanted of {} rows, expected at least 1 and {} rows", kept, features.n,
         kept + 1);
  }
  CandidateLists lists(features, kept);
  offer_all_pairs(lists);
  NeighbourTable table{features.n, kept, std::vector<std::uint32_t>(features.n * kept), std::vector<double>(features.n * kept)};
  tbb::parallel_for(std::size_t{0}, features.n, [&](std::size_t i) {
    lists.shorten(i);
    const std::vector<Neighbour> nearest = lists.nearest(i);
    for (std::size_t rank = 0; rank < kept; ++rank) {
      table.index[i * kept + rank] = nearest[rank].second;
      table.squared_distance[i * kept + rank] = nearest[rank].first;
    }
  });
  return table;
}

}  // namespace alea
