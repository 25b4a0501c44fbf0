#include "protocols/guide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>

#include "core/files.h"
#include "protocols/guide_thresholds.h"
#include "protocols/protocol.h"
#include "protocols/run_cost.h"

namespace alea {
namespace {

using ::testing::HasSubstr;

Json smoke() { return read_json_file(fs::path(ALEA_SOURCE_DIR) / "protocols/configs/smoke.toy.json"); }

Json with_guide(const Json& guide) {
  Json config = smoke();
  config["guide"] = guide;
  return config;
}

std::string errors_of(const Json& config) {
  try {
    resolve_config(config, "test.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::config);
    return error.what();
  }
  return "";
}

TEST(Guide, IsNoPartOfAConfigThatHasNone) {
  const ResolvedConfig without = resolve_config(smoke(), "test.json");
  EXPECT_FALSE(without.config.contains("guide"));
  EXPECT_TRUE(without.protocol->plan().guide.is_null());
  EXPECT_EQ(resolve_config(with_guide(nullptr), "test.json").config.dump(), without.config.dump());
  EXPECT_FALSE(without.protocol->comparable().contains("guide"));
}

TEST(Guide, IsResolvedAndGoesIntoThePlan) {
  const ResolvedConfig once = resolve_config(with_guide({{"variant", "v4"}}), "test.json");
  EXPECT_EQ(once.config.at("guide").at("lambda"), 0.1);
  EXPECT_EQ(once.protocol->plan().guide, once.config.at("guide"));
  EXPECT_TRUE(once.protocol->comparable().contains("guide"));
  EXPECT_EQ(resolve_config(once.config, "test.json").config.dump(), once.config.dump());
}

TEST(Guide, CostsItsPassesAndTwiceItsBackwards) {
  ConfigErrors errors;
  const Json config = smoke();
  const Components components = resolve_components(config.at("model"), config.at("sampler"), config.at("estimators"), 1, errors);
  const GuideInfo guide = resolve_guide({{"passes", 4}}, components, 1, errors);
  ASSERT_TRUE(errors.empty());
  EXPECT_EQ(guide.nfe, 10 * (4 + 2 * 4));
  const Json cost = cost_of(components, guide);
  EXPECT_EQ(cost.at("base"), 10);
  EXPECT_EQ(cost.at("extra"), 9);
  EXPECT_EQ(cost.at("guide"), 120);
  EXPECT_EQ(cost.at("total"), 139);
  Components known = components;
  known.flops = {.prediction = 1000, .decoding = 7};
  EXPECT_EQ(cost_of(known, guide).at("flops").at("guide"), 120 * 1000);
  EXPECT_EQ(cost_of(known, guide).at("flops").at("total"), 139 * 1000 + 7);
  EXPECT_FALSE(cost_of(components, {}).contains("guide"));
}

TEST(Guide, IsRefusedBeforeWeightsAreLoaded) {
  EXPECT_THAT(errors_of(with_guide({{"lamda", 1}})), HasSubstr("/guide/lamda"));
  EXPECT_THAT(errors_of(with_guide({{"last_index", 10}})), HasSubstr("/guide"));
  EXPECT_EQ(errors_of(with_guide({{"last_index", 9}})), "");
  Json exported = with_guide(Json::object());
  exported["model"] = {{"kind", "exported"}, {"manifest", "not/there.json"}};
  EXPECT_THAT(errors_of(exported), HasSubstr("/guide  an exported module"));
  exported["model"] = {{"kind", "classifier_free"}, {"model", exported["model"]}};
  EXPECT_THAT(errors_of(exported), HasSubstr("/guide  an exported module"));
  exported["guide"] = {{"action", "random_sign"}};
  EXPECT_EQ(errors_of(exported), "");
}

struct SavedThresholds {
  fs::path path = fs::temp_directory_path() / fmt::format("alea_thresholds_{}.safetensors", ::getpid());
  ThresholdsFile file;

  SavedThresholds() {
    const ResolvedConfig resolved = resolve_config(with_guide(Json::object()), "test.json");
    file.thresholds = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {10}, std::vector<float>(10, 0.5f)};
    file.quantile = 0.9;
    file.n_samples = 30;
    file.first_id = 192;
    file.model = resolved.config.at("model");
    file.sampler = resolved.config.at("sampler");
    file.uncertainty = uncertainty_of_mask(resolved.config.at("guide"));
    file.seed = 7;
  }
  ~SavedThresholds() { fs::remove(path); }

  void write() const { write_thresholds_file(path, file); }
  Json config(Json guide = Json::object()) const {
    guide["mask"] = "thresholds";
    guide["thresholds"] = path.string();
    return with_guide(guide);
  }
};

TEST(GuideThresholds, ComeBackAsTheyWereWritten) {
  SavedThresholds saved;
  saved.file.thresholds = {{2, 3}, {2, 1, 1, 2}, {1, 2, 3, 4}};
  saved.write();
  const ThresholdsFile back = load_thresholds_file(saved.path);
  EXPECT_EQ(back.thresholds.indices, saved.file.thresholds.indices);
  EXPECT_EQ(back.thresholds.shape, saved.file.thresholds.shape);
  EXPECT_EQ(back.thresholds.values, saved.file.thresholds.values);
  EXPECT_EQ(back.quantile, 0.9);
  EXPECT_EQ(back.n_samples, 30u);
  EXPECT_EQ(back.first_id, 192u);
  EXPECT_EQ(back.seed, 7u);
  EXPECT_EQ(back.model, saved.file.model);
  EXPECT_EQ(back.sha256, sha256_file(saved.path));
  EXPECT_THAT(describe(back), HasSubstr("solver indices 2 to 3"));
}

TEST(GuideThresholds, ReachThePlanByValueWithTheirHash) {
  SavedThresholds saved;
  saved.write();
  const ResolvedConfig resolved = resolve_config(saved.config(), "test.json");
  ASSERT_NE(resolved.protocol->plan().thresholds, nullptr);
  EXPECT_EQ(resolved.protocol->plan().thresholds->values, saved.file.thresholds.values);
  EXPECT_EQ(resolved.config.at("guide").at("thresholds_sha256"), sha256_file(saved.path));
  saved.file.thresholds.values[0] = 1;
  saved.write();
  EXPECT_THAT(errors_of(resolved.config), HasSubstr("/guide/thresholds_sha256"));
}

TEST(GuideThresholds, OfSomethingElseAreRefused) {
  SavedThresholds saved;
  saved.write();
  EXPECT_THAT(errors_of(saved.config({{"statistic", "centred"}})), HasSubstr("another uncertainty"));
  EXPECT_THAT(errors_of(saved.config({{"clip", true}})), HasSubstr("another uncertainty"));
  Json other = saved.config();
  other["model"]["width"] = 5;
  EXPECT_THAT(errors_of(other), HasSubstr("another model"));
  other = saved.config();
  other["sampler"]["eta"] = 1;
  EXPECT_THAT(errors_of(other), HasSubstr("another sampler"));
  saved.file.thresholds = {{0, 1}, {2}, {1, 1}};
  saved.write();
  EXPECT_THAT(errors_of(saved.config()), HasSubstr("none of solver index 2"));
}

TEST(GuideThresholds, ADamagedFileIsNamed) {
  SavedThresholds saved;
  const auto code = [&] {
    try {
      load_thresholds_file(saved.path);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::internal;
  };
  EXPECT_EQ(code(), ErrorCode::io);
  for (const GuidanceThresholds& wrong :
       {GuidanceThresholds{{1, 1}, {2}, {1, 1}}, GuidanceThresholds{{0, 1}, {1}, {1}}, GuidanceThresholds{{0}, {1}, {NAN}}}) {
    saved.file.thresholds = wrong;
    EXPECT_THROW(saved.write(), Error);
  }
  atomic_write(saved.path, std::string_view("nonsense"));
  EXPECT_EQ(code(), ErrorCode::data);
}

}  // namespace
}  // namespace alea
