#pragma once

#include <string>
#include <vector>

#include "samplers/solver.h"

namespace alea {

/// `n` training times, noisiest first, with the rounding of numpy (halves go to even).
/// As diffusers:
/// "leading"   (n-1-i) * floor(T/n) + offset, from a little below T down to offset;
/// "linspace"  round((n-1-i) * (T-1)/(n-1)), from T-1 down to 0 (0 alone for n = 1);
/// "trailing"  round(T - i * T/n) - 1, from T-1 down to about T/n - 1.
/// As guided-diffusion:
/// "ddim"      its "ddimN": multiples of the smallest stride that gives n of them in 0..T-1, which not every n has;
/// "section"   its "N": round(k * (T-1)/(n-1)), the products summed up one by one (0 alone for n = 1).
/// Error{config} for another spacing, n outside 1..T, an offset with a spacing other than leading, or times past T-1.
std::vector<TrainTime> spaced_times(const std::string& spacing, int n, int train_steps, int offset);

/// The schedule's level at each time.
Evaluations evaluations_at(const std::vector<TrainTime>& times, const NoiseSchedule& schedule);

}  // namespace alea
