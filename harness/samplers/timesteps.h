#pragma once

#include <string>
#include <vector>

#include "models/noise_schedule.h"

namespace alea {

/// `n` training times, noisiest first, with the rounding of numpy as diffusers uses it (halves go to even):
/// "leading"   (n-1-i) * floor(T/n) + offset, from a little below T down to offset;
/// "linspace"  round((n-1-i) * (T-1)/(n-1)), from T-1 down to 0 (0 alone for n = 1);
/// "trailing"  round(T - i * T/n) - 1, from T-1 down to about T/n - 1.
/// Error{config} for another spacing, n outside 1..T, an offset with a spacing other than leading, or times past T-1.
std::vector<TrainTime> spaced_times(const std::string& spacing, int n, int train_steps, int offset);

}  // namespace alea
