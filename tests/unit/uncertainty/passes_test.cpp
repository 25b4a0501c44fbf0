#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>

#include "samplers/noise.h"
#include "tests/unit/uncertainty/watch.h"

namespace alea {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Ids kId{4};
constexpr double kTime = 300;

Json one_step(Json options) {
  options["first_index"] = options["last_index"] = 0;
  return options;
}

/// A linear network, eps = c x, whose input is dropped with p.
std::unique_ptr<Denoiser> linear(double p) {
  return make(model_registry(), toy({{"kind", "toy_gaussian"}, {"std", 0.6}, {"dropout", p}}));
}

double slope(const Denoiser& denoiser) {
  const NoiseLevel level = denoiser.schedule().level({kTime});
  return level.sigma / (level.alpha * level.alpha * 0.36 + level.sigma * level.sigma);
}

std::vector<Measured> measure(Denoiser& denoiser, const Json& options) {
  const auto factory = estimator(one_step(options), 1, 17, &denoiser);
  std::vector<Measured> out;
  for (const auto& output : show(*factory, view_at(denoiser, at_places(), kTime, 0, kId), 1,
                                 [&](const Query& query) { return answer(denoiser, query); }))
    out.push_back(summarise(output.map));
  return out;
}

TEST(McDropout, HasTheBernoulliVarianceOfALinearNetwork) {
  const auto denoiser = linear(0.2);
  const double c = slope(*denoiser);
  for (const auto& [p, expected] : {std::pair<Json, double>{nullptr, 0.2}, {0.4, 0.4}}) {
    const auto u = measure(*denoiser, {{"kind", "mc_dropout"}, {"p", p}, {"statistics", {"variance", "centred"}}});
    for (std::size_t k = 0; k < kPlaces.size(); ++k) {
      const double exact = c * c * kPlaces[k] * kPlaces[k] * expected / (1 - expected);
      expect_within_error(u[0], k, exact, fmt::format("variance, p = {}", expected));
      expect_within_error(u[1], k, exact, fmt::format("centred, p = {}", expected));
    }
  }
}

TEST(McDropout, AsksAtTheStateItselfWithMasksByStepAndPass) {
  const auto denoiser = linear(0.2);
  const auto factory =
      estimator({{"kind", "mc_dropout"}, {"passes", 3}, {"first_index", 1}, {"last_index", 2}}, 4, 9, denoiser.get());
  EXPECT_EQ(factory->extra_nfe(), 6);
  EXPECT_THAT(factory->statistics(), ElementsAre("mc_dropout.variance"));
  StepView view = view_at(*denoiser, at_places(), kTime, 0, kId);
  view.index = {2};
  const auto rows = factory->start(kId)->rows(view);
  ASSERT_EQ(rows.size(), 3u);
  for (std::uint32_t pass = 0; pass < 3; ++pass) {
    EXPECT_TRUE(at::equal(rows[pass].x, view.x));
    EXPECT_EQ(rows[pass].mode, Mode(DropoutMode{.seed = 9, .step = 2, .pass = pass, .p = 0.2}));
  }
  view.index = {3};
  EXPECT_THAT(factory->start(kId)->rows(view), IsEmpty());
}

TEST(McDropout, ALabelSetsTwoOfThemApart) {
  const auto denoiser = linear(0.2);
  const auto labelled = [&](const char* label) {
    return estimator({{"kind", "mc_dropout"}, {"label", label}, {"first_index", 1}, {"last_index", 2}}, 4, 9, denoiser.get());
  };
  EXPECT_THAT(labelled("short")->statistics(), ElementsAre("mc_dropout.short.variance"));
  EXPECT_THROW(labelled("no.name"), Error);
}

/// What a manifest may say, without a network.
class Described : public Denoiser {
 public:
  Described(double p, bool attention) : spec_(toy_spec_of(p, attention)) {}
  const DenoiserSpec& spec() const override { return spec_; }
  const NoiseSchedule& schedule() const override { return schedule_; }
  Prediction predict(const Batch&) override { return {}; }

 private:
  static DenoiserSpec toy_spec_of(double p, bool attention) {
    return {.kind = "described",
            .shape = {1, 2, 2},
            .codec = {},
            .train_dropout = p,
            .train_attention_dropout = attention,
            .dropout_sites = {"down.0.dropout", "down.0.to_out.1", "up.10.dropout"},
            .weights_sha256 = {}};
  }
  DenoiserSpec spec_;
  NoiseSchedule schedule_{ScheduleOptions{}};
};

Mode mode_of(const Json& config, const Denoiser& model) {
  const auto factory = estimator(one_step(config), 1, 0, &model);
  const StepView view{.index = {0}, .x = initial_noise(0, kId, {1, 2, 2}), .ids = &kId};
  return factory->start(kId)->rows(view).at(0).mode;
}

TEST(McDropout, SitesAreThoseOfTrainingUnlessOneSaysOtherwise) {
  for (const bool trained : {true, false}) {
    const auto dropout = [&](const std::string& sites) {
      return std::get<DropoutMode>(mode_of({{"kind", "mc_dropout"}, {"sites", sites}}, Described(0.1, trained)));
    };
    EXPECT_EQ(dropout("training").attention_sites, trained);
    EXPECT_FALSE(dropout("resnets").attention_sites);
    EXPECT_TRUE(dropout("all").attention_sites);
    EXPECT_EQ(dropout("training").p, 0.1);
  }
}

TEST(McDropout, SaysWhereItLeavesTraining) {
  const auto departures = [](const Json& more, const Denoiser& model) {
    Json config = more;
    config["kind"] = "mc_dropout";
    return estimator(config, 50, 0, &model)->departures();
  };
  EXPECT_THAT(departures(Json::object(), Described(0.1, false)), IsEmpty());
  EXPECT_THAT(departures({{"p", 0.5}, {"sites", "all"}}, Described(0.1, false)),
              ElementsAre(HasSubstr("p = 0.5; the network was trained with 0.1"), HasSubstr("attention")));
  EXPECT_THAT(departures({{"p", 0.5}, {"force", true}}, Described(0, false)), ElementsAre(HasSubstr("forced")));
}

TEST(McDropout, RefusesNetworksWithoutDropout) {
  const auto refusal = [](const Json& more, const Denoiser& model) -> std::string {
    Json config = more;
    config["kind"] = "mc_dropout";
    try {
      estimator(config, 50, 0, &model);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::config);
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal({{"p", 0.5}}, Described(0, false)), HasSubstr("\"force\": true"));
  EXPECT_THAT(refusal({{"force", true}}, Described(0, false)), HasSubstr("/p"));
  EXPECT_EQ(refusal({{"force", true}, {"p", 0.5}}, Described(0, false)), "");
  const auto toy_without = make(model_registry(), {{"kind", "toy_gaussian"}});
  EXPECT_THAT(refusal({{"force", true}, {"p", 0.5}}, *toy_without), HasSubstr("no dropout"));
}

TEST(FeatureNoise, HasTheVarianceOfALinearNetwork) {
  const auto denoiser = linear(0.2);
  const double c = slope(*denoiser), std = 0.3;
  const auto u = measure(*denoiser, {{"kind", "feature_noise"}, {"std", std}});
  for (std::size_t k = 0; k < kPlaces.size(); ++k) {
    expect_within_error(u[0], k, c * c * std * std, "variance");
    expect_within_error(u[1], k, c * c * std * std, "centred");
  }
}

TEST(FeatureNoise, ChoosesResidualBlocksByName) {
  const Described model(0.1, false);
  const auto sites = [&](const Json& blocks) {
    return std::get<FeatureNoiseMode>(mode_of({{"kind", "feature_noise"}, {"blocks", blocks}}, model)).sites;
  };
  EXPECT_THAT(sites(Json::array()), ElementsAre(0u, 2u));
  EXPECT_THAT(sites({"up.10"}), ElementsAre(2u));
  for (const char* unknown : {"up.1", "down.0.to_out.1", "middle"})
    EXPECT_EQ(code_of([&] { sites({unknown}); }), ErrorCode::config) << unknown;
}

/// eps = x times a weight that grows with the row of the image, which is folded.
class Sloping : public Described {
 public:
  Sloping() : Described(0.1, false), spec_(Described::spec()) {
    spec_.shape = {4, 3, 2};
    spec_.codec = {2};
  }
  const DenoiserSpec& spec() const override { return spec_; }
  Prediction predict(const Batch& batch) override {
    const at::Tensor weight = at::arange(6, at::kFloat).view({1, 1, 6, 1});
    return {.eps = fold_from_image(unfold_to_image(batch.x, {2}) * weight, {2})};
  }

 private:
  DenoiserSpec spec_;
};

TEST(Flip, TurnsTheImageUpsideDownWhateverItsFolding) {
  Sloping network;
  const at::Tensor x = initial_noise(5, kId, network.spec().shape);
  StepView view{.index = {0}, .t = {kTime}, .x = x, .ids = &kId};
  view.eps = answer(network, {.x = x, .t = view.t, .ids = kId}).eps;
  view.x0 = x * 0.5;
  for (const std::string input : {"x0", "x_t"}) {
    const auto factory = estimator(one_step({{"kind", "flip"}, {"input", input}}), 1, 0, &network);
    EXPECT_EQ(factory->extra_nfe(), 1);
    const auto outputs = show(*factory, view, 1, [&](const Query& query) { return answer(network, query); });
    // Row r of the image is asked as row 5 - r.
    const at::Tensor image = unfold_to_image(x, {2}), row = at::arange(6, at::kFloat).view({1, 1, 6, 1});
    const at::Tensor expected = (image * (5 - row) * (input == "x0" ? 0.5 : 1.0) - image * row).pow(2);
    EXPECT_LT((unfold_to_image(outputs[0].map, {2}) - expected).abs().max().item<double>(), 1e-5);
  }
}

}  // namespace
}  // namespace alea
