#include "run/block_maker.h"

#include "models/models.h"
#include "run/device.h"
#include "run/sample_block.h"
#include "run/time_arms.h"

namespace alea {

std::shared_ptr<Denoiser> load_denoiser(const Plan& plan, Placement placement) {
  placement.compute = compute_type(plan.precision);
  return make_model(plan.model, placement);
}

std::unique_ptr<BlockMaker> make_block_maker(const Plan& plan, const Device& device) {
  if (plan.timing) return std::make_unique<ArmTimer>(plan, device);
  return std::make_unique<BlockSampler>(plan, placement_on(device));
}

}  // namespace alea
