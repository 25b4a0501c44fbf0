#include "uncertainty/bayesdiff_plan.h"

namespace alea {

int BayesDiffPlan::step_of(int i) const {
  int step = -1;
  for (int k = 0; k <= i; ++k) step += begins_step(k) ? 1 : 0;
  return step;
}

int BayesDiffPlan::draws_at(int i) const {
  if (!has_uncertainty(i)) return 0;
  // In the first step x_T is known; what its first evaluation leads to isn't, which the released code leaves out.
  const bool is_x_known = step_of(i) == 0 && (begins_step(i) || rule == MomentRule::released);
  return is_x_known ? 0 : draws;
}

int BayesDiffPlan::extra_nfe() const {
  int sum = 0;
  for (int i = 0; i < static_cast<int>(steps.size()); ++i) sum += draws_at(i);
  return sum;
}

}  // namespace alea
