#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/gaussian_moments.h"

namespace alea {

/// The Frechet distance squared of the Gaussians fitted to two feature sets with fewer rows than columns, from the singular
/// values of Xc Yc^T [n1, n2] / sqrt((n1-1)(n2-1)): exact where covariances are rank-deficient. Error{shape} when widths differ
/// or a view isn't [n, d], Error{domain} for fewer than 2 rows or a feature that isn't finite.
double frechet_distance_from_rows(const FeatureView& a, const FeatureView& b);

}  // namespace alea
