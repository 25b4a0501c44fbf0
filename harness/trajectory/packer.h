#pragma once

#include <cstdint>
#include <vector>

#include "models/denoiser.h"
#include "samplers/start_points.h"

namespace alea {

/// Turns queries of any number of rows into network calls of exactly `rows_per_call` rows.
class Packer {
 public:
  /// Each row gets the class that `start` has for its id.
  Packer(Denoiser& denoiser, const StartPoints& start, std::int64_t rows_per_call)
      : denoiser_(denoiser), start_(start), rows_per_call_(rows_per_call) {}

  /// One prediction a query, in order. Rows of queries of equal Mode and Want share calls, first come first served, but a query
  /// that wants a graph has calls of its own, made with gradients enabled; a last short call is filled with copies of its last
  /// row. Error{shape} when a query's x, ids or the network's answer don't fit, Error{config} for a mode other than plain where
  /// the network has no sites, and when it says no graph or last layer's input that was wanted.
  std::vector<Prediction> evaluate(const std::vector<Query>& queries);

  std::uint64_t padded() const { return padded_; }
  /// What each query of the last evaluate() took: a call's time falls to its rows in equal parts, those that only
  /// fill it going with them. Of a device that answers later than it is asked, only the asking.
  const std::vector<double>& seconds() const { return seconds_; }

 private:
  struct Timed {
    Prediction prediction;
    std::vector<double> row_seconds;
  };
  Timed evaluate_one_mode(const std::vector<const Query*>& queries);

  Denoiser& denoiser_;
  const StartPoints& start_;
  std::int64_t rows_per_call_;
  std::uint64_t padded_ = 0;
  std::vector<double> seconds_;
};

}  // namespace alea
