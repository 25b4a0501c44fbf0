#pragma once

#include <span>
#include <vector>

namespace alea {

/// Ranks from 1, ties averaged. Error{domain} for numbers that aren't finite, by index (all functions here).
std::vector<double> average_ranks(std::span<const double> values);

/// Spearman's rank correlation with tie-averaged ranks. Error{domain} where one side is constant.
double spearman(std::span<const double> a, std::span<const double> b);

/// Area under the ROC curve of `score` for the event (nonzero in `event`), ties counted half. Error{domain} without both
/// outcomes.
double auroc(std::span<const double> score, std::span<const unsigned char> event);

/// Average precision: sum over thresholds of (recall step) x precision, tied scores taken together.
double aupr(std::span<const double> score, std::span<const unsigned char> event);

}  // namespace alea
