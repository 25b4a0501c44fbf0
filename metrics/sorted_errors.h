#pragma once

#include <memory>
#include <span>

namespace alea {

/// Elements by ascending uncertainty (the most certain first), ties in no particular order. [n] each, one array where both are
/// the same numbers.
template <class T>
struct SortedErrors {
  std::span<const T> uncertainty, error;
  std::unique_ptr<T[]> owned_uncertainty, owned_error;
};

/// keys: finite, either sign. Float keys of many elements are sorted by radix; sorting errors by themselves moves half as much.
SortedErrors<float> sort_by_uncertainty(std::span<const float> uncertainty, std::span<const float> errors);
SortedErrors<double> sort_by_uncertainty(std::span<const double> uncertainty, std::span<const double> errors);

}  // namespace alea
