#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config.h"
#include "core/files.h"
#include "tests/support/smoke.h"

namespace alea::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The toy config with another value somewhere, as a file in `folder`.
std::string changed_config(const TemporaryFolder& folder, const std::string& pointer, const Json& value) {
  Json config = read_json_file(kSmokeConfig);
  config[Json::json_pointer(pointer)] = value;
  write_text(folder / "config.json", config.dump());
  return (folder / "config.json").string();
}

Ended run_changed(const TemporaryFolder& folder, const std::string& pointer, const Json& value) {
  return run_alea({"run", changed_config(folder, pointer, value), "--out", (folder / "run").string()});
}

TEST(WrongInput, UnknownKeyIsNamedWithASuggestion) {
  const TemporaryFolder folder;
  const Ended ended = run_changed(folder, "/sampler/stepz", 10);
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("/sampler/stepz"), HasSubstr("steps")));
  EXPECT_FALSE(fs::exists(folder / "run"));
}

TEST(WrongInput, WrongTypeIsNamed) {
  const TemporaryFolder folder;
  const Ended ended = run_changed(folder, "/generate", "many");
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, HasSubstr("/generate"));
}

TEST(WrongInput, ValidateListsEveryProblemAtOnce) {
  const TemporaryFolder folder;
  Json config = read_json_file(kSmokeConfig);
  config["colour"] = "blue";
  config["keep"] = 1000;
  config["sampler"]["steps"] = "ten";
  write_text(folder / "config.json", config.dump());
  const Ended ended = run_alea({"validate", (folder / "config.json").string()});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("/colour"), HasSubstr("/keep"), HasSubstr("/sampler/steps")));
}

TEST(WrongInput, MissingAndBrokenConfigFiles) {
  const TemporaryFolder folder;
  EXPECT_EQ(run_alea({"run", (folder / "nowhere.json").string()}).status, 4);
  write_text(folder / "broken.json", "{\"protocol\": \"filtering\",");
  EXPECT_EQ(run_alea({"run", (folder / "broken.json").string()}).status, 2);
}

TEST(WrongInput, MissingModelFileIsFoundByValidateAndByRunBeforeAnythingIsWritten) {
  const TemporaryFolder folder;
  const Json model = {{"kind", "ddpm_unet"}, {"manifest", (folder / "nowhere.json").string()}};
  const Ended ended = run_changed(folder, "/model", model);
  EXPECT_EQ(ended.status, 4) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("nowhere.json"));
  EXPECT_FALSE(fs::exists(folder / "run"));
  EXPECT_EQ(run_alea({"validate", changed_config(folder, "/model", model)}).status, 4);
}

TEST(WrongInput, PublishedWeightsThatAreNotThereAreNamedWithTheCommandsThatFetchThem) {
  const TemporaryFolder empty;
  const std::string config = ALEA_SOURCE_DIR "/protocols/configs/paper/imagenet256.uvit.json";
  for (const char* command : {"validate", "run"}) {
    const Ended ended = run_alea({command, config}, {{"ALEA_WEIGHTS", empty.path().string()}});
    EXPECT_EQ(ended.status, 4);
    EXPECT_THAT(ended.err, AllOf(HasSubstr("`scripts/fetch uvit256`"), HasSubstr("`scripts/fetch autoencoder-kl`"),
                                 HasSubstr(empty.path().string())));
  }
}

/// A manifest of a small network, beside weights of the given bytes.
Json unet_with_weights(const TemporaryFolder& folder, const std::string& bytes, const std::string& sha256) {
  write_text(folder / "weights.safetensors", bytes);
  const Json architecture = {{"in_channels", 4},           {"out_channels", 4},
                             {"block_channels", {32, 32}}, {"attention", {false, false}},
                             {"layers_per_block", 1},      {"norm_groups", 8}};
  const Json manifest = {{"architecture", architecture},
                         {"schedule", Json::object()},
                         {"shape", {4, 14, 14}},
                         {"fold", 2},
                         {"weights", "weights.safetensors"},
                         {"sha256", sha256}};
  write_text(folder / "unet.json", manifest.dump());
  return {{"kind", "ddpm_unet"}, {"manifest", (folder / "unet.json").string()}};
}

std::string sha256_of(const std::string& text) { return sha256_hex(std::as_bytes(std::span(text))); }

TEST(WrongInput, WeightsOfAnotherHashAreRefused) {
  const TemporaryFolder folder;
  const std::string bytes(64, 'x');
  const Ended ended = run_changed(folder, "/model", unet_with_weights(folder, bytes, std::string(64, '0')));
  EXPECT_EQ(ended.status, 4) << ended.err;
  EXPECT_THAT(ended.err, AllOf(HasSubstr("weights.safetensors"), HasSubstr(sha256_of(bytes).substr(0, 8))));
}

TEST(WrongInput, TruncatedWeightsAreRefused) {
  const TemporaryFolder folder;
  const std::string header = R"({"w":{"dtype":"F32","shape":[1024],"data_offsets":[0,4096]}})";
  std::string bytes = {static_cast<char>(header.size()), 0, 0, 0, 0, 0, 0, 0};
  bytes += header + std::string(100, '\0');
  const Ended ended = run_changed(folder, "/model", unet_with_weights(folder, bytes, sha256_of(bytes)));
  EXPECT_EQ(ended.status, 4) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("weights.safetensors"));
}

TEST(WrongInput, MissingReferenceIsFoundBeforeSampling) {
  const TemporaryFolder folder;
  const Ended ended = run_changed(folder, "/reference", (folder / "nowhere.safetensors").string());
  EXPECT_EQ(ended.status, 4) << ended.err;
  EXPECT_FALSE(fs::exists(folder / "run"));
}

TEST(WrongInput, FolderOfAnotherConfigIsRefused) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_alea(smoke(folder / "run")).status, 0);
  const Ended ended = run_alea(smoke(folder / "run", {"--set", "/seed=2"}));
  EXPECT_EQ(ended.status, 3);
  EXPECT_THAT(ended.err, HasSubstr("/seed"));
}

TEST(WrongInput, FolderThatIsNoRunIsRefusedAndLeftAlone) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "run");
  write_text(folder / "run/thesis.tex", "chapter one");
  EXPECT_EQ(run_alea(smoke(folder / "run")).status, 3);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "run"), fs::directory_iterator{}), 1);
}

TEST(WrongInput, SecondWriterIsRefusedAndTheHolderNamed) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_alea(smoke(folder / "run")).status, 0);
  const FolderLock held(folder / "run", FolderLock::Kind::exclusive);
  const Ended ended = run_alea(smoke(folder / "run"));
  EXPECT_EQ(ended.status, 4);
  EXPECT_THAT(ended.err, HasSubstr(std::to_string(getpid())));
}

TEST(WrongInput, ScoringAnIncompleteFolderSaysHowToGoOn) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_alea({"sample", kSmokeConfig, "--out", (folder / "run").string(), "--shard", "0/2"}).status, 0);
  const Ended ended = run_alea({"score", (folder / "run").string()});
  EXPECT_EQ(ended.status, 4);
  EXPECT_THAT(ended.err, HasSubstr("2 of 4 blocks are missing"));
  EXPECT_EQ(run_alea({"score", (folder / "nowhere").string()}).status, 4);
}

TEST(WrongInput, UsageErrorsAreStatus2WithNothingOnStdout) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{},
                                                                                     {"fly"},
                                                                                     {"run"},
                                                                                     {"run", kSmokeConfig, "--frobnicate"},
                                                                                     {"run", kSmokeConfig, "--limit", "0"},
                                                                                     {"run", kSmokeConfig, "--shard", "2/2"},
                                                                                     {"run", kSmokeConfig, "--set", "seed=1"},
                                                                                     {"run", kSmokeConfig, "--device", "abacus"},
                                                                                     {"list", "colours"}}) {
    const Ended ended = run_alea(words);
    EXPECT_EQ(ended.status, 2) << ::testing::PrintToString(words);
    EXPECT_THAT(ended.out, IsEmpty());
    EXPECT_FALSE(ended.err.empty());
  }
}

TEST(WrongInput, AFoldersImagesAreOfOneNumericsClass) {
  const TemporaryFolder folder;
  const std::vector<std::string> half = {"sample", kSmokeConfig, "--out", (folder / "run").string(), "--shard"};
  const auto shard = [&](const char* which, const char* portable) {
    auto words = half;
    words.emplace_back(which);
    return run_alea(words, {{"ALEA_PORTABLE_KERNELS", portable}});
  };
  ASSERT_EQ(shard("0/2", "0").status, 0);
  const Ended other = shard("1/2", "1");
  EXPECT_EQ(other.status, 3);
  EXPECT_THAT(other.err, AllOf(HasSubstr("\"fused\""), HasSubstr("\"portable\"")));
  EXPECT_EQ(shard("1/2", "yes").status, 2);
  EXPECT_EQ(shard("1/2", "0").status, 0);
}

TEST(WrongInput, CommandsOfTheCpuRefuseAnotherDevice) {
  const Ended ended = run_alea({"train", kSmokeConfig, "--out", "nowhere", "--device", "cuda"});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, HasSubstr("leave --device out"));
}

TEST(WrongInput, DeviceThatIsNotThereIsStatus2) {
  const Ended ended = run_alea({"run", kSmokeConfig, "--device", "cuda:7"});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, HasSubstr("--device cpu"));
}

}  // namespace
}  // namespace alea::testing
