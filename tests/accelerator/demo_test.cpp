#include <gtest/gtest.h>

#include "models/nn/kernels.h"
#include "models/placement.h"
#include "protocols/array_names.h"
#include "run/sample_block.h"
#include "store/store.h"
#include "tests/accelerator/device.h"
#include "tests/support/process.h"

namespace alea::test {
namespace {

/// The demo with 8 images in two blocks in place of 600 in six, and 4 rows a network call in place of 100: 560 evaluations.
constexpr std::uint64_t kImages = 8;
constexpr std::uint32_t kRows = 4;

std::map<std::string, std::string> block_files(const fs::path& folder, const Placement& placement) {
  const fs::path config = fs::path(ALEA_SOURCE_DIR) / "protocols/configs/demo.fmnist.json";
  const ResolvedConfig resolved = resolve_config(read_json_file(config), config.string());
  Plan plan = resolved.protocol->plan();
  plan.n_samples = kImages;
  plan.block = plan.micro_batch = kRows;
  const Store store = Store::open_or_create(folder, resolved.config, plan.n_samples, plan.block);
  BlockSampler sampler(plan, placement);
  for (const BlockRange& range : store.blocks()) store.put_block(array_names::kBlocks, range, sampler.sample(range));
  return testing::result_files(folder);
}

TEST(Demo, BlockFilesOfTheAcceleratorAreThoseOfPortableKernelsOnTheCpu) {
  const testing::TemporaryFolder folder;
  const nn::PortableKernels portable;
  const auto here = block_files(folder / "cpu", {}), there = block_files(folder / "accelerator", {.device = accelerator()});
  EXPECT_EQ(here.size(), 3u) << "two blocks and a manifest";
  EXPECT_EQ(testing::differing(here, there), std::vector<std::string>());
}

}  // namespace
}  // namespace alea::test
