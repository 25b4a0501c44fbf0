#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "metrics/half_radii.h"
#include "metrics/neighbours.h"
#include "metrics/precision_recall.h"

namespace alea {

/// Which samples of a pool one real row has to do with: of those, a subset's coverage and recall are read off.
struct RealRow {
  struct Near {
    double squared_distance = 0;
    std::uint32_t sample = 0;
    auto operator<=>(const Near&) const = default;
  };
  /// The sample's ball holds the real row where its radius is the distance to its rank-th neighbour in the pool (1 = nearest) or
  /// to a farther one.
  struct Holder {
    std::uint32_t rank = 0, sample = 0;
    auto operator<=>(const Holder&) const = default;
  };
  std::vector<Near> nearest;    ///< ascending: in the real row's own ball, whatever half of the real set is meant
  std::vector<Holder> holders;  ///< ascending
  bool nearest_cut = false, holders_cut = false;  ///< there are more, farther down
};

/// A sample whose listed neighbours aren't enough: longer lists of the same.
struct LongRow {
  std::vector<RealRow::Near> neighbours;  ///< of the pool, ascending, without itself
  std::vector<RealRow::Near> real;        ///< real rows (their places as `sample`) as near as the last neighbour, ascending
};

/// What subsets of one pool of generated samples need to know of it and of a real set: one pass over all distances, in tiles as
/// in distance_tiles.h, decided by squared distances in double. Equal bits for any number of threads.
class BallLists {
 public:
  /// Both views must outlive it. `listed` neighbours of each sample are kept. At most 64 + 2 listed n/m entries a list are kept
  /// of a real row; full_row() has all. Errors as manifold_metrics.
  BallLists(const FeatureView& real, const FeatureView& pool, const ManifoldOptions& options, std::size_t listed);

  std::size_t n_real() const { return real_.n; }
  std::size_t n_pool() const { return pool_.n; }
  const ManifoldOptions& options() const { return options_; }
  /// Whether a point at this squared distance is in a ball of this squared radius.
  bool inside(double squared_distance, double squared_radius) const {
    return options_.rim == ManifoldOptions::Rim::closed ? squared_distance <= squared_radius : squared_distance < squared_radius;
  }
  const HalfRadii& real_radii() const { return real_radii_; }
  const NeighbourTable& neighbours() const { return neighbours_; }
  const std::vector<std::uint32_t>& balls() const { return balls_; }  ///< [n] real balls that a sample is inside
  const RealRow& row(std::size_t i) const { return rows_[i]; }

  /// Made when first asked for, and kept; may be called from several threads at once.
  const RealRow& full_row(std::size_t i) const;
  const LongRow& long_row(std::size_t j) const;
  /// The same with all neighbours; made at each call.
  LongRow longest_row(std::size_t j) const { return make_long_row(j, pool_.n - 1); }

 private:
  double reach_of(std::size_t i) const;
  double last_radius(std::size_t j) const { return neighbours_.squared_distance[(j + 1) * neighbours_.kept - 1]; }
  std::uint32_t rank_of(std::size_t j, double squared_distance) const;
  void collect();
  LongRow make_long_row(std::size_t j, std::size_t length) const;

  FeatureView real_, pool_;
  ManifoldOptions options_;
  HalfRadii real_radii_;
  NeighbourTable neighbours_;
  std::vector<std::uint32_t> balls_;
  std::vector<RealRow> rows_;
  struct Later;
  std::shared_ptr<Later> later_;
};

}  // namespace alea
