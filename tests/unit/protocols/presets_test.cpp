#include "protocols/presets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "protocols/protocol_entry.h"

namespace alea {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A network with dropout whose manifest is in the repository, so that it resolves without weights.
Json embedded() { return {{"kind", "ddpm_unet"}, {"manifest", "embedded/fmnist_denoiser.json"}}; }

Json filtering(const Json& more = Json::object()) {
  Json config{{"protocol", "filtering"},
              {"model", embedded()},
              {"estimators", {{{"kind", "aleatoric"}}, {{"kind", "mc_dropout"}}, {{"kind", "eps_energy"}}, {{"kind", "random"}}}},
              {"generate", 60000},
              {"keep", 50000}};
  config.merge_patch(more);
  return config;
}

Json reconstruction() {
  return {{"protocol", "reconstruction"},
          {"model", embedded()},
          {"dataset", "fashion-mnist/test"},
          {"images", 5000},
          {"estimators", {{{"kind", "aleatoric"}}, {{"kind", "mc_dropout"}}}}};
}

Json guidance() { return {{"protocol", "guidance"}, {"model", embedded()}, {"generate", 10000}}; }

Json with(Json config, const char* pointer, const Json& value) {
  config[Json::json_pointer(pointer)] = value;
  return config;
}

Json official(const Json& config) { return with(config, "/preset", "official-code"); }

ResolvedConfig resolved(const Json& config) { return resolve_config(config, "test.json"); }

void expect_values(const Json& found, const Json& wanted) {
  for (const auto& [pointer, value] : wanted.items()) EXPECT_EQ(found.at(Json::json_pointer(pointer)), value) << pointer;
}

TEST(OfficialCode, FiltersAsTheReleasedScriptsDo) {
  const ResolvedConfig run = resolved(official(filtering()));
  expect_values(run.config, {{"/preset", "official-code"},
                             {"/rank_by", "aleatoric.centred"},
                             {"/keep", 49920},
                             {"/keep_side", "lowest"},
                             {"/score_precision", "float16"},
                             {"/min_max_batch", 128},
                             {"/sampler/kind", "ddim"},
                             {"/sampler/steps", 50},
                             {"/sampler/spacing", "leading"},
                             {"/sampler/steps_offset", 0},
                             {"/sampler/final_alpha", "one"},
                             {"/sampler/clip", true},
                             {"/sampler/rederive_eps", false},
                             {"/estimators/0/passes", 5},
                             {"/estimators/0/first_index", 45},
                             {"/estimators/0/last_index", 47},
                             {"/estimators/0/clip", "sampler"},
                             {"/estimators/0/legacy_x0", false},
                             {"/estimators/1/p", 0.5},
                             {"/estimators/1/sites", "all"},
                             {"/estimators/1/passes", 5},
                             {"/estimators/1/first_index", 40},
                             {"/estimators/1/last_index", 49},
                             {"/estimators/2/last_index", 47}});
  EXPECT_EQ(run.protocol->plan().min_max_batch, 128u);
}

TEST(OfficialCode, GuidesAsItsDefaultScriptDoes) {
  const ResolvedConfig run = resolved(official(guidance()));
  expect_values(run.config, {{"/guide/variant", "v4"},
                             {"/guide/wrt", "x"},
                             {"/guide/direction", "ascent"},
                             {"/guide/statistic", "centred"},
                             {"/guide/lambda", 0.1},
                             {"/guide/divisor", 128},
                             {"/guide/level", "loop_index"},
                             {"/guide/mask", "quantile"},
                             {"/guide/quantile", 0.95},
                             {"/guide/passes", 5},
                             {"/guide/first_index", 0},
                             {"/guide/last_index", 2},
                             {"/guide/add_eps_gradient", true},
                             {"/guide/clip", false},
                             {"/sampler/kind", "ddim"},
                             {"/sampler/steps", 50},
                             {"/steps_divisor", 4}});
  EXPECT_EQ(run.protocol->plan().sampler.at("steps"), 12);
}

TEST(OfficialCode, ReconstructsAsItsScriptDoes) {
  const ResolvedConfig run = resolved(official(reconstruction()));
  expect_values(run.config, {{"/sampler/steps", 20},
                             {"/rank_by", "aleatoric.centred"},
                             {"/noise_level", "loop_index"},
                             {"/scale", "released"},
                             {"/aggregate", "pooled"},
                             {"/estimators/0/passes", 5},
                             {"/estimators/0/first_index", 10},
                             {"/estimators/0/last_index", 19},
                             {"/estimators/1/p", 0.1},
                             {"/estimators/1/first_index", 10}});
  EXPECT_EQ(run.protocol->plan().from_index, 10);  // the 11th of 20 steps
  EXPECT_TRUE(run.protocol->plan().loop_index_noise);
}

TEST(OfficialCode, TakesX0ForEpsWithSecondOrderSolvers) {
  const Json config = with(filtering(), "/sampler", {{"kind", "dpmpp_2m"}, {"steps", 50}, {"spacing", "linspace"}});
  const Json found = resolved(official(config)).config;
  EXPECT_EQ(found.at("rank_by"), "aleatoric.legacy_x0.centred");
  EXPECT_EQ(found.at("estimators")[0].at("legacy_x0"), true);
  EXPECT_EQ(resolved(config).config.at("estimators")[0].at("legacy_x0"), false);
}

Json latent(Json config) {
  config["model"] = {{"kind", "latent"}, {"model", embedded()}, {"autoencoder", "networks/autoencoder-kl.json"}};
  return config;
}

TEST(Presets, LatentNetworksHaveTheirOwnSamplers) {
  const Json diffusers{{"kind", "ddim"}, {"steps", 50}, {"steps_offset", 1}, {"final_alpha", "first"}, {"clip", false}};
  EXPECT_EQ(with_preset(latent(filtering())).at("sampler"), diffusers);
  EXPECT_EQ(with_preset(official(latent(guidance()))).at("sampler"), diffusers);
  const Json released = with_preset(official(latent(filtering())));
  EXPECT_EQ(released.at("sampler"), Json({{"kind", "dpmpp_2m"}, {"steps", 50}, {"spacing", "linspace"}}));
  EXPECT_EQ(released.at("rank_by"), "aleatoric.legacy_x0.centred");
}

TEST(Presets, PaperIsTheDefaultAndTheText) {
  const ResolvedConfig run = resolved(filtering());
  expect_values(run.config, {{"/preset", "paper"},
                             {"/rank_by", "aleatoric.variance"},
                             {"/keep", 50000},
                             {"/sampler/kind", "ddim"},
                             {"/sampler/steps", 50},
                             {"/estimators/0/first_index", 45},
                             {"/estimators/0/last_index", 48},
                             {"/estimators/1/p", nullptr},
                             {"/estimators/1/sites", "training"}});
  EXPECT_EQ(resolved(with(filtering(), "/preset", "paper")).config, run.config);
  EXPECT_EQ(resolved(guidance()).protocol->plan().sampler.at("steps"), 50);
  EXPECT_EQ(resolved(guidance()).config.at("guide").at("lambda"), 1);
  EXPECT_FALSE(resolved(reconstruction()).protocol->plan().loop_index_noise);
  EXPECT_EQ(run.protocol->plan().min_max_batch, 0u);
  for (const char* key : {"keep_batch", "score_precision", "min_max_batch"})  // as before there was a choice
    EXPECT_FALSE(run.config.contains(key)) << key;
}

TEST(Presets, WhatTheConfigSaysWins) {
  Json config = official(filtering());
  config["keep_batch"] = 1;
  config["sampler"] = {{"kind", "ddim"}, {"steps", 60}};
  config["estimators"][0]["last_index"] = 46;
  const Json found = resolved(config).config;
  expect_values(found, {{"/keep", 50000}, {"/sampler/steps", 60}, {"/estimators/0/last_index", 46}, {"/min_max_batch", 128}});
  Json other = official(guidance());
  other["guide"] = {{"variant", "paper"}};
  EXPECT_EQ(resolved(other).config.at("guide").at("lambda"), 1);
  EXPECT_TRUE(resolved(other).config.at("guide").at("first_index").is_null());
}

TEST(Presets, AResolvedConfigStays) {
  for (const Json& config : {official(filtering()), official(reconstruction()), official(guidance()), filtering(), guidance()}) {
    const Json once = resolved(config).config;
    EXPECT_EQ(with_preset(once), once);
    EXPECT_EQ(resolved(once).config, once);
    EXPECT_THAT(preset_departures(once), IsEmpty());
  }
}

TEST(Presets, DeparturesAreNamed) {
  Json config = official(filtering());
  config["keep_batch"] = 64;
  config["estimators"][1]["p"] = 0.25;
  const auto sentences = preset_departures(resolved(config).config);
  ASSERT_EQ(sentences.size(), 2u);
  EXPECT_EQ(sentences[0], "/keep_batch is 64, the preset official-code's 128.");
  EXPECT_EQ(sentences[1], "/estimators/1/p is 0.25, the preset official-code's 0.5.");
  Json other = official(guidance());
  other["sampler"] = {{"kind", "dpmpp_2m"}, {"steps", 50}};
  EXPECT_THAT(preset_departures(resolved(other).config), ::testing::Contains(HasSubstr("/sampler/kind is \"dpmpp_2m\"")));
}

TEST(Presets, AnUnknownNameIsAnErrorOfItsOwn) {
  try {
    resolved(with(filtering(), "/preset", "oficial-code"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean \"official-code\"?"));
  }
}

TEST(KeepBatch, RoundsDownToWholeBatches) {
  const auto kept = [](int keep, int batch) {
    return resolved(with(with(filtering(), "/keep", keep), "/keep_batch", batch)).config.at("keep").get<int>();
  };
  EXPECT_EQ(kept(50000, 128), 49920);
  EXPECT_EQ(kept(50000, 64), 49984);
  EXPECT_EQ(kept(51000, 128), 50944);
  EXPECT_EQ(kept(51200, 128), 51200);
  try {
    kept(100, 128);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/keep_batch  128 is more than /keep"));
  }
}

TEST(StepsDivisor, LeavesAStep) {
  const auto steps = [](int whole, int divisor) {
    return resolved(with(with(guidance(), "/sampler", {{"kind", "ddim"}, {"steps", whole}}), "/steps_divisor", divisor))
        .protocol->plan()
        .sampler.at("steps")
        .get<int>();
  };
  EXPECT_EQ(steps(20, 4), 5);
  EXPECT_EQ(steps(50, 4), 12);
  EXPECT_THROW(steps(3, 4), Error);
}

}  // namespace
}  // namespace alea
