#include "run/sample_block.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "samplers/start_points.h"
#include "tests/support/process.h"

namespace alea {
namespace {

constexpr std::uint64_t kElements = 2 * 4 * 6;

Plan toy_plan(double std = 0.5) {
  Plan plan;
  plan.seed = 7;
  plan.n_samples = 20;
  plan.block = 10;
  plan.micro_batch = 4;
  plan.model = {{"kind", "toy_gaussian"}, {"channels", 2}, {"height", 4}, {"width", 6}, {"std", std}};
  plan.sampler = {{"kind", "ddim"}, {"steps", 10}};
  plan.estimators =
      Json::array({{{"kind", "aleatoric"}, {"passes", 2}, {"first_index", 7}, {"last_index", 8}}, {{"kind", "random"}}});
  return plan;
}

/// Row i of an array as bytes.
std::vector<std::byte> row(const Array& array, std::size_t i) {
  const std::size_t size = array.bytes.size() / array.shape[0];
  return {array.bytes.begin() + std::ptrdiff_t(i * size), array.bytes.begin() + std::ptrdiff_t((i + 1) * size)};
}

TEST(BlockSampler, GivesEveryArrayTheShapeOfItsContract) {
  const auto block = BlockSampler(toy_plan()).sample({1, 10, 10});
  EXPECT_EQ(block.at("images").shape, (std::vector<std::uint64_t>{10, 4, 6, 2}));
  EXPECT_EQ(block.at("maps/aleatoric.variance").shape, (std::vector<std::uint64_t>{10, 4, 6, 2}));
  EXPECT_EQ(block.at("scores/aleatoric.variance").shape, (std::vector<std::uint64_t>{10, 2}));
  EXPECT_EQ(block.at("scores/aleatoric.centred").shape, (std::vector<std::uint64_t>{10, 2}));
  for (std::uint64_t i = 0; i < 10; ++i) {
    EXPECT_EQ(block.at("ids").as<std::uint64_t>()[i], 10 + i);
    EXPECT_EQ(block.at("finite").as<std::uint8_t>()[i], 1);
  }
}

TEST(BlockSampler, ScoreIsTheSumOfTheMap) {
  const auto block = BlockSampler(toy_plan()).sample({0, 0, 10});
  const auto map = block.at("maps/aleatoric.variance").as<float>();
  const auto scores = block.at("scores/aleatoric.variance").as<double>();
  for (std::size_t i = 0; i < 10; ++i) {
    double sum = 0;
    for (std::size_t e = 0; e < kElements; ++e) sum += map[i * kElements + e];
    EXPECT_NEAR(sum, scores[2 * i] + scores[2 * i + 1], 1e-4 * sum);
    EXPECT_GT(sum, 0);
  }
}

TEST(BlockSampler, AnImageDependsOnItsIdAndNotOnItsBlock) {
  BlockSampler sampler(toy_plan());
  const auto early = sampler.sample({0, 0, 10});
  const auto shifted = sampler.sample({1, 3, 5});
  for (const char* name : {"images", "scores/aleatoric.variance", "maps/aleatoric.centred"})
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(row(early.at(name), i + 3), row(shifted.at(name), i)) << name << " " << i;
  EXPECT_NE(row(early.at("images"), 0), row(early.at("images"), 1));
}

TEST(BlockSampler, CountsRowsAndTellsThemApart) {
  BlockSampler sampler(toy_plan());
  EXPECT_EQ(sampler.facts().base_nfe, 10);
  EXPECT_EQ(sampler.facts().extra_nfe, 4);
  std::vector<std::uint32_t> batches;
  sampler.sample({0, 0, 10}, [&](std::uint32_t n) { batches.push_back(n); });
  EXPECT_EQ(batches, (std::vector<std::uint32_t>{4, 4, 2}));
  EXPECT_EQ(sampler.cost().base_nfe, 12u * 10);
  EXPECT_EQ(sampler.cost().extra_nfe, 12u * 4);
}

TEST(BlockSampler, StoresTheClassThatEachImageWasMadeAs) {
  Plan plan = toy_plan();
  EXPECT_FALSE(BlockSampler(plan).sample({0, 0, 4}).contains("labels"));
  plan.labels = true;
  EXPECT_THROW(BlockSampler{plan}, Error) << "a toy has no classes";
  const alea::testing::TemporaryFolder folder;
  const std::filesystem::path module = std::filesystem::path(ALEA_SOURCE_DIR) / "tests/fixtures/exported/x0.pt";
  const Json manifest = {{"module", module.string()},
                         {"sha256", sha256_file(module)},
                         {"shape", {2, 4, 4}},
                         {"n_classes", 2},
                         {"schedule", {{"kind", "linear"}}},
                         {"null_label", 2},
                         {"prediction", "x0"}};
  alea::testing::write_text(folder / "net.json", manifest.dump());
  plan.model = {{"kind", "exported"}, {"manifest", (folder / "net.json").string()}};
  const Array labels = BlockSampler(plan).sample({1, 10, 10}).at("labels");
  ASSERT_EQ(labels.shape, (std::vector<std::uint64_t>{10}));
  Ids ids = consecutive_ids(20);
  const at::Tensor drawn = PhiloxStart(plan.seed, {2, 4, 4}, 2).labels(ids);
  for (std::uint64_t i = 0; i < 10; ++i)
    EXPECT_EQ(labels.as<std::uint64_t>()[i], static_cast<std::uint64_t>(drawn.const_data_ptr<std::int64_t>()[10 + i])) << i;
}

TEST(BlockSampler, TheArmOfEqualCostHasTheImagesOfIdsBehindTheRun) {
  Plan plan = toy_plan();
  plan.equal_cost_sampler = {{"kind", "ddim"}, {"steps", 14}};
  plan.equal_cost_images = 13;
  BlockSampler sampler(plan);
  const auto first = sampler.sample({0, 0, 10}), second = sampler.sample({1, 10, 10});
  EXPECT_EQ(first.at("equal_cost/images").shape, (std::vector<std::uint64_t>{10, 4, 6, 2}));
  EXPECT_EQ(second.at("equal_cost/images").shape, (std::vector<std::uint64_t>{3, 4, 6, 2}));
  EXPECT_EQ(second.at("equal_cost/finite").shape, (std::vector<std::uint64_t>{3}));
  Plan alone = toy_plan();
  alone.sampler = plan.equal_cost_sampler;
  alone.estimators = Json::array();
  const auto expected = BlockSampler(alone).sample({0, 20 + 10, 3});
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(row(second.at("equal_cost/images"), i), row(expected.at("images"), i)) << i;
  EXPECT_EQ(row(first.at("images"), 4), row(BlockSampler(toy_plan()).sample({0, 0, 10}).at("images"), 4)) << "left as they were";
}

TEST(BlockSampler, TellsSecondsOfEachEstimatorApart) {
  BlockSampler sampler(toy_plan());
  sampler.sample({0, 0, 4});
  const SampleSeconds& seconds = sampler.seconds();
  ASSERT_EQ(seconds.estimators.size(), 2u);
  EXPECT_EQ(seconds.estimators[0].statistics, (std::vector<std::string>{"aleatoric.variance", "aleatoric.centred"}));
  EXPECT_EQ(seconds.estimators[1].statistics, std::vector<std::string>{"random.score"});
  EXPECT_GT(seconds.base, 0);
  EXPECT_GT(seconds.estimators[0].seconds, 0);
}

TEST(BlockSampler, StopsWhereTheCallbackThrows) {
  BlockSampler sampler(toy_plan());
  EXPECT_THROW(sampler.sample({0, 0, 10}, [](std::uint32_t) { fail(ErrorCode::interrupted, "stop"); }), Error);
}

TEST(BlockSampler, LeavesMapsOutWhereThePlanDoesNotWantThem) {
  Plan plan = toy_plan();
  plan.maps = false;
  for (const auto& [name, array] : BlockSampler(plan).sample({0, 0, 4})) EXPECT_FALSE(name.starts_with("maps/")) << name;
}

TEST(BlockSampler, UnknownKindIsAConfigError) {
  Plan plan = toy_plan();
  plan.model["kind"] = "toy_gausian";
  try {
    BlockSampler sampler(plan);
    ADD_FAILURE() << "made";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::config);
    EXPECT_NE(std::string(error.what()).find("toy_gaussian"), std::string::npos);
  }
}

}  // namespace
}  // namespace alea
