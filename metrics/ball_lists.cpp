#include "metrics/ball_lists.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

#include "core/error.h"
#include "core/ids.h"
#include "metrics/distance_tiles.h"

namespace alea {
namespace {

constexpr std::size_t kLongList = 4096;  // neighbours of a sample whose listed ones ran out

/// The least `room` of what is added, however the order.
template <class Entry>
void add_capped(std::vector<Entry>& list, const Entry& entry, std::size_t room, bool& cut) {
  list.push_back(entry);
  if (list.size() < 2 * room) return;
  std::nth_element(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(room), list.end());
  list.resize(room);
  cut = true;
}

template <class Entry>
void finish_capped(std::vector<Entry>& list, std::size_t room, bool& cut) {
  std::sort(list.begin(), list.end());
  cut = cut || list.size() > room;
  if (list.size() > room) list.resize(room);
  list.shrink_to_fit();
}

void check_sets(const FeatureView& real, const FeatureView& pool, std::uint32_t k) {
  if (real.d != pool.d)
    fail(ErrorCode::shape, "precision and recall: features of width {} and {}, expected equal widths", real.d, pool.d);
  expect_finite_rows(real, "precision and recall, real set");
  expect_finite_rows(pool, "precision and recall, generated set");
  if (k == 0 || std::min(real.n, pool.n) < k + std::size_t{1})
    fail(ErrorCode::domain, "precision and recall: k = {} with {} real and {} generated rows, expected 1 <= k and k + 1 rows", k,
         real.n, pool.n);
}

}  // namespace

struct BallLists::Later {
  Later(std::size_t n_real, std::size_t n_pool) : row_made(n_real), row(n_real), long_made(n_pool), long_rows(n_pool) {}
  std::vector<std::once_flag> row_made;
  std::vector<std::unique_ptr<RealRow>> row;
  std::vector<std::once_flag> long_made;
  std::vector<std::unique_ptr<LongRow>> long_rows;
};

BallLists::BallLists(const FeatureView& real, const FeatureView& pool, const ManifoldOptions& options, std::size_t listed)
    : real_(real), pool_(pool), options_(options) {
  check_sets(real, pool, options.k);
  real_radii_ = half_radii(real, consecutive_ids(real.n), options.k);
  neighbours_ = nearest_neighbours(pool, std::clamp<std::size_t>(listed, options.k, pool.n - 1));
  balls_.resize(pool.n);
  rows_.resize(real.n);
  later_ = std::make_shared<Later>(real.n, pool.n);
  collect();
}

double BallLists::reach_of(std::size_t i) const {
  double largest = real_radii_.whole(i);
  for (int split = 0; split < kSplits; ++split) largest = std::max(largest, real_radii_.in_half(i, split));
  return largest;
}

std::uint32_t BallLists::rank_of(std::size_t j, double squared_distance) const {
  const double* begin = neighbours_.squared_distance.data() + j * neighbours_.kept;
  const double* end = begin + neighbours_.kept;
  const bool closed = options_.rim == ManifoldOptions::Rim::closed;
  const double* first = closed ? std::lower_bound(begin, end, squared_distance) : std::upper_bound(begin, end, squared_distance);
  return static_cast<std::uint32_t>(first - begin) + 1;
}

void BallLists::collect() {
  const Frame frame = common_frame(real_, pool_);
  const FramedRows x(real_, frame), y(pool_, frame);
  std::vector<double> reach(real_.n);
  std::vector<float> real_reach(real_.n), pool_reach(pool_.n);
  for (std::size_t i = 0; i < real_.n; ++i) real_reach[i] = frame.half(reach[i] = reach_of(i));
  for (std::size_t j = 0; j < pool_.n; ++j) pool_reach[j] = frame.half(last_radius(j));
  const std::size_t room = 64 + 2 * neighbours_.kept * ((pool_.n + real_.n - 1) / real_.n);
  std::array<std::mutex, 1024> locks;
  for_each_tile(x, y, [&](RowRange rows, RowRange columns, const std::vector<float>& dot) {
    for (std::size_t i = rows.begin; i < rows.end; ++i) {
      const float own = real_reach[i];
      const float* theirs = pool_reach.data();
      scan_row(
          y, columns, dot.data() + (i - rows.begin) * columns.size(), x.lower[i],
          [own, theirs](std::size_t j) { return std::max(own, theirs[j]); },
          [&](std::size_t j, float) {
            const double squared = squared_distance(real_.row(i), pool_.row(j));
            const auto sample = static_cast<std::uint32_t>(j);
            if (inside(squared, real_radii_.whole(i))) std::atomic_ref(balls_[j]).fetch_add(1, std::memory_order_relaxed);
            const std::uint32_t rank = rank_of(j, squared);
            const std::scoped_lock lock(locks[i % locks.size()]);
            RealRow& row = rows_[i];
            if (inside(squared, reach[i])) add_capped(row.nearest, {squared, sample}, room, row.nearest_cut);
            if (rank <= neighbours_.kept) add_capped(row.holders, {rank, sample}, room, row.holders_cut);
          });
    }
  });
  tbb::parallel_for(std::size_t{0}, real_.n, [&](std::size_t i) {
    finish_capped(rows_[i].nearest, room, rows_[i].nearest_cut);
    finish_capped(rows_[i].holders, room, rows_[i].holders_cut);
  });
}

const RealRow& BallLists::full_row(std::size_t i) const {
  std::call_once(later_->row_made[i], [&] {
    auto row = std::make_unique<RealRow>();
    const double reach = reach_of(i);
    for (std::uint32_t j = 0; j < pool_.n; ++j) {
      const double squared = squared_distance(real_.row(i), pool_.row(j));
      if (inside(squared, reach)) row->nearest.push_back({squared, j});
      if (const std::uint32_t rank = rank_of(j, squared); rank <= neighbours_.kept) row->holders.push_back({rank, j});
    }
    std::sort(row->nearest.begin(), row->nearest.end());
    std::sort(row->holders.begin(), row->holders.end());
    later_->row[i] = std::move(row);
  });
  return *later_->row[i];
}

const LongRow& BallLists::long_row(std::size_t j) const {
  std::call_once(later_->long_made[j],
                 [&] { later_->long_rows[j] = std::make_unique<LongRow>(make_long_row(j, std::min(kLongList, pool_.n - 1))); });
  return *later_->long_rows[j];
}

LongRow BallLists::make_long_row(std::size_t j, std::size_t length) const {
  LongRow out;
  for (std::uint32_t other = 0; other < pool_.n; ++other)
    if (other != j) out.neighbours.push_back({squared_distance(pool_.row(j), pool_.row(other)), other});
  std::sort(out.neighbours.begin(), out.neighbours.end());
  out.neighbours.resize(length);
  out.neighbours.shrink_to_fit();
  const double farthest = out.neighbours.back().squared_distance;
  for (std::uint32_t i = 0; i < real_.n; ++i)
    if (const double squared = squared_distance(real_.row(i), pool_.row(j)); inside(squared, farthest))
      out.real.push_back({squared, i});
  std::sort(out.real.begin(), out.real.end());
  return out;
}

}  // namespace alea
