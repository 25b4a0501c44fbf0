#include <ATen/Functions.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "core/files.h"
#include "data/dataset.h"
#include "models/models.h"
#include "train/train.h"

namespace alea {
namespace {

class Training : public testing::Test {
 protected:
  void SetUp() override {
    try {
      load_dataset("fashion-mnist/test");
    } catch (const Error& error) {
      GTEST_SKIP() << error.what();
    }
    folder_ = fs::temp_directory_path() /
              fmt::format("alea-train-{}-{}", ::getpid(), testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static Json denoiser(int steps) {
    return {{"train", "denoiser"},
            {"name", "tiny"},
            {"seed", 4},
            {"data", "fashion-mnist/test"},
            {"fold", 2},
            {"dropout", 0.1},
            {"architecture",
             {{"in_channels", 4},
              {"out_channels", 4},
              {"block_channels", {8, 16}},
              {"attention", {false, true}},
              {"layers_per_block", 1},
              {"norm_groups", 4}}},
            {"optimizer", {{"steps", steps}, {"batch", 8}, {"learning_rate", 0.005}, {"warm_up", 3}, {"compute", "bfloat16"}}},
            {"sample_steps", 5}};
  }

  void run(const Json& config, const std::string& name, int stop_after = -1) {
    int polls = 0;
    train({.config = config, .source = "test", .out = folder_ / name, .stopped = [&] { return polls++ == stop_after; }});
  }

  fs::path folder_;
};

std::vector<double> losses_of(const fs::path& csv) {
  std::ifstream file(csv);
  std::vector<double> losses;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) losses.push_back(std::stod(line.substr(line.find(',') + 1)));
  return losses;
}

TEST_F(Training, StoppedAndResumedEqualsUndisturbedToTheByte) {
  run(denoiser(7), "whole");
  for (int stop : {2, 3}) EXPECT_THROW(run(denoiser(7), "parts", stop), Error);
  run(denoiser(7), "parts");
  for (const char* file : {"checkpoint.safetensors", "tiny.safetensors", "tiny.json", "loss.csv", "samples.png"})
    EXPECT_EQ(sha256_file(folder_ / "whole" / file), sha256_file(folder_ / "parts" / file)) << file;
}

TEST_F(Training, ADenoiserLearnsAndLoadsFromItsManifest) {
  run(denoiser(60), "run");
  const auto losses = losses_of(folder_ / "run" / "loss.csv");
  ASSERT_EQ(losses.size(), 60u);
  EXPECT_NEAR(losses.front(), 1.0, 0.35);
  EXPECT_LT(losses.back(), 0.7 * losses.front());
  const auto model = make_model({{"kind", "ddpm_unet"}, {"manifest", (folder_ / "run" / "tiny.json").string()}});
  EXPECT_EQ(model->spec().shape, (ImageShape{4, 14, 14}));
  EXPECT_EQ(model->spec().train_dropout, 0.1);
}

TEST_F(Training, AClassifierLearnsAndSaysItsAccuracy) {
  const Json config{
      {"train", "classifier"},
      {"name", "tiny_cnn"},
      {"data", "fashion-mnist/test"},
      {"test_data", "fashion-mnist/test"},
      {"architecture", {{"kind", "plain"}, {"widths", {16, 16, 32}}, {"norm_groups", 4}}},
      {"optimizer",
       {{"steps", 300}, {"batch", 32}, {"learning_rate", 0.005}, {"warm_up", 3}, {"ema", 0.5}, {"compute", "float32"}}}};
  run(config, "run");
  EXPECT_GT(read_json_file(folder_ / "run" / "tiny_cnn.json").at("test_accuracy").get<double>(), 0.5);
}

TEST_F(Training, RefusesAFolderOfAnotherConfig) {
  run(denoiser(1), "run");
  try {
    run(denoiser(2), "run");
    FAIL() << "another config was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_comparable);
  }
}

TEST_F(Training, ReportsEveryProblemOfAConfigAtOnce) {
  auto config = denoiser(1);
  config["optimizer"]["stpes"] = 3;
  config["dropout"] = 1.5;
  try {
    resolve_train_config(config, "test.json");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::config);
    EXPECT_NE(std::string(error.what()).find("/optimizer/stpes"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("/dropout"), std::string::npos);
  }
}

}  // namespace
}  // namespace alea
