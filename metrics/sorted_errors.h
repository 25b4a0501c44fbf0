#pragma once

#include <span>
#include <vector>

namespace alea {

/// Elements by ascending uncertainty (the most certain first), ties in no particular order.
template <class T>
struct SortedErrors {
  std::vector<T> uncertainty, error;
};

/// keys: finite, either sign. Float keys of many elements are sorted by radix.
SortedErrors<float> sort_by_uncertainty(std::span<const float> uncertainty, std::span<const float> errors);
SortedErrors<double> sort_by_uncertainty(std::span<const double> uncertainty, std::span<const double> errors);

}  // namespace alea
