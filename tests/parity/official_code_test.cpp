// The preset official-code against tests/fixtures/official_code.json: the released formulas written once more in NumPy.

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tanh.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/files.h"
#include "metrics/selection.h"
#include "protocols/array_names.h"
#include "protocols/filtering_input.h"
#include "protocols/half.h"
#include "protocols/protocol.h"
#include "run/order_statistic.h"
#include "store/store.h"
#include "tests/unit/uncertainty/guided_step.h"
#include "uncertainty/guidance_mask.h"
#include "uncertainty/moments.h"

namespace alea {
namespace {

const fs::path kFixtures = fs::path(ALEA_SOURCE_DIR) / "tests/fixtures";

const Json& expected(const char* part) {
  static const Json all = read_json_file(kFixtures / "official_code.json");
  return all.at(part);
}

std::vector<double> numbers(const Json& json) { return json.get<std::vector<double>>(); }

at::Tensor tensor(const Json& json, at::IntArrayRef shape) {
  auto values = numbers(json);
  return at::from_blob(values.data(), shape, at::TensorOptions(at::kDouble)).clone();
}

double largest(const at::Tensor& x) { return x.abs().max().item<double>(); }

TEST(OfficialCode, Statistics) {
  const Json& fixture = expected("statistics");
  std::vector<Prediction> answers;
  for (const Json& answer : fixture.at("answers")) answers.push_back({tensor(answer, {2, 6}).to(at::kFloat)});
  const Spread spread = spread_about(tensor(fixture.at("e"), {2, 6}).to(at::kFloat), answers);
  EXPECT_LT(largest(spread.centred - tensor(fixture.at("centred"), {2, 6})), 1e-12);
  EXPECT_LT(largest(spread.variance - tensor(fixture.at("variance"), {2, 6})), 1e-12);
}

Json filtering_config(std::uint64_t generate, std::uint64_t keep, std::uint64_t batch) {
  Json config = read_json_file(fs::path(ALEA_SOURCE_DIR) / "protocols/configs/smoke.toy.json");
  config["preset"] = "official-code";
  config["generate"] = generate;
  config["keep"] = keep;
  config["keep_batch"] = batch;
  return config;
}

TEST(OfficialCode, CountsKeptImages) {
  for (const Json& count : expected("filtering").at("counts")) {
    const double n = count.at("n").get<double>(), removed = count.at("removed").get<double>();
    const auto keep = static_cast<std::uint64_t>(std::lround(n * (1 - removed)));
    const Json config = resolve_config(filtering_config(count.at("n"), keep, count.at("batch")), "test").config;
    EXPECT_EQ(config.at("keep"), count.at("kept")) << count.dump();
  }
}

TEST(OfficialCode, ScoresAndKeepsTheLowest) {
  const Json& fixture = expected("filtering");
  std::vector<double> steps;
  for (const Json& row : fixture.at("step_scores"))
    for (const double value : numbers(row)) steps.push_back(value);
  const std::uint64_t n = fixture.at("step_scores").size();
  std::vector<double> scores = window_sums(make_array<double>(steps, {n, 3}), "scores");
  std::ranges::transform(scores, scores.begin(), as_half);
  for (std::size_t i = 0; i < n; ++i) {
    const Json& score = fixture.at("scores")[i];
    // Elements are 16-bit floats there and whole sums here: now and then the last bit falls on the other side.
    if (score.is_null())
      EXPECT_EQ(scores[i], 65536) << i;
    else
      EXPECT_NEAR(scores[i], score.get<double>(), scores[i] / 1024) << i;
  }
  const auto config = resolve_config(filtering_config(n, fixture.at("keep"), fixture.at("keep_batch")), "test").config;
  const auto kept = keep_by_score(scores, config.at("keep").get<std::size_t>(), KeepSide::lowest);
  EXPECT_EQ(std::vector<std::uint32_t>(kept), fixture.at("kept").get<std::vector<std::uint32_t>>());
}

TEST(OfficialCode, ThresholdsAndMasks) {
  const Json& fixture = expected("thresholds");
  const at::Tensor u = tensor(fixture.at("u"), {37, 12});
  OrderStatistic place(fixture.at("n").get<std::uint64_t>(), fixture.at("p").get<double>());
  place.add(u.to(at::kFloat));
  EXPECT_EQ(largest(place.value().to(at::kDouble) - tensor(fixture.at("saved"), {12})), 0);
  const at::Tensor maps = u.view({37, 1, 3, 4});
  const at::Tensor mask = (maps > quantile_per_image(maps, 0.95)).to(at::kDouble);
  EXPECT_EQ(largest(mask - tensor(fixture.at("masks"), {37, 1, 3, 4})), 0);
}

/// A run's folder of the fixture's images.
class ReconstructionOfFixture : public ::testing::Test {
 protected:
  void SetUp() override { fs::remove_all(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  static Json config() {
    return {{"protocol", "reconstruction"},
            {"preset", "official-code"},
            {"model", {{"kind", "toy_gaussian"}, {"height", 4}, {"width", 4}}},
            {"estimators", {{{"kind", "aleatoric"}}}},
            {"dataset", "of the fixture"},
            {"images", kImages},
            {"zero_images", expected("reconstruction").at("zero_images")},
            {"block", 32},
            {"micro_batch", 16}};
  }

  template <class T>
  static Array rows(const char* key, const BlockRange& range) {
    const auto all = expected("reconstruction").at(key).get<std::vector<T>>();
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(range.first * 16);
    return make_array<T>(std::vector<T>(first, first + range.count * 16), {range.count, 4, 4, 1});
  }

  static ArrayMap block(const BlockRange& range) {
    const std::uint64_t n = range.count;
    ArrayMap out;
    out[array_names::kFinite] = make_array<std::uint8_t>(std::vector<std::uint8_t>(n, 1), {n});
    out[array_names::kImages] = rows<std::uint8_t>("images", range);
    out[array_names::kOriginals] = rows<std::uint8_t>("pixels", range);
    out[array_names::kErrors] = make_array<float>(std::vector<float>(n * 16, 1.0f), {n, 4, 4, 1});
    for (const char* statistic : {"aleatoric.variance", "aleatoric.centred"}) {
      out[array_names::maps(statistic)] = rows<float>("maps", range);
      out[array_names::scores(statistic)] = make_array<double>(std::vector<double>(n * 10, 1.0), {n, 10});
    }
    return out;
  }

  double value(const Json& config, const std::string& name) {
    fs::remove_all(folder_);
    const ResolvedConfig resolved = resolve_config(config, "test");
    const Store store = Store::open_or_create(folder_, resolved.config, kImages, 32);
    for (const BlockRange& range : store.blocks()) store.put_block(array_names::kBlocks, range, block(range));
    Record record;
    resolved.protocol->score(store, record);
    for (const MetricRow& row : record.metrics)
      if (row.name == name) return *row.value;
    fail(ErrorCode::internal, "the record has no {}", name);
  }

  static constexpr std::uint64_t kImages = 64;
  const fs::path folder_ = fs::temp_directory_path() / fmt::format("alea_official_code_{}", ::getpid());
};

TEST_F(ReconstructionOfFixture, AreasAreThoseOfTheReleasedConvention) {
  const double ause = expected("reconstruction").at("ause").get<double>(),
               aurg = expected("reconstruction").at("aurg").get<double>();
  EXPECT_NEAR(value(config(), "ause.pooled.rmse.poggi50"), ause, 1e-6 * std::abs(ause));
  EXPECT_NEAR(value(config(), "aurg.pooled.rmse.poggi50"), aurg, 1e-6 * std::abs(aurg));
}

TEST_F(ReconstructionOfFixture, RowsThatWereNeverFilledMakeAnyMapLookGood) {
  Json without = config();
  without["zero_images"] = 0;
  EXPECT_GT(value(without, "ause.pooled.rmse.poggi50"), 2 * value(config(), "ause.pooled.rmse.poggi50"));
}

TEST_F(ReconstructionOfFixture, BeginsLateInNearlyCleanImages) {
  const Json& fixture = expected("reconstruction");
  const Plan plan = resolve_config(config(), "test").protocol->plan();
  ConfigErrors errors;
  const Components components = resolve_model_and_sampler(plan.model, plan.sampler, 0, errors);
  EXPECT_EQ(plan.from_index, 10);
  EXPECT_NEAR(components.beginnings.at(10).time * 1000, fixture.at("begins_at").get<double>(), 1e-9);
  const double sigma = NoiseSchedule(ScheduleOptions{}).level({10}).sigma;
  EXPECT_NEAR(sigma, fixture.at("noised_with").get<double>(), 1e-6);
}

/// e = tanh(W x + c), whatever the time.
class TanhNetwork : public Denoiser {
 public:
  explicit TanhNetwork(const Json& fixture)
      : schedule_(ScheduleOptions{}), w_(tensor(fixture.at("w"), {20, 20})), c_(tensor(fixture.at("c"), {20})) {
    spec_.kind = "tanh";
    spec_.shape = {1, 4, 5};
  }
  const DenoiserSpec& spec() const override { return spec_; }
  const NoiseSchedule& schedule() const override { return schedule_; }
  Prediction predict(const Batch& batch) override {
    return {at::tanh(at::matmul(batch.x.flatten(1), w_.t()) + c_).view(batch.x.sizes())};
  }

 private:
  NoiseSchedule schedule_;
  DenoiserSpec spec_;
  at::Tensor w_, c_;
};

/// The noises of the fixture are those that the guide draws; ALEA_UPDATE_FIXTURES=1 writes them.
TEST(OfficialCodeGuidance, DrawsTheNoisesOfTheFixture) {
  constexpr int kIndex = 1;
  std::vector<float> z;
  for (std::uint32_t pass = 0; pass < 5; ++pass) {
    const at::Tensor drawn =
        draw_normals({.seed = 8, .stream = Stream::re_noise, .site = 1, .step = kIndex, .pass = pass}, {3, 4, 9}, {1, 4, 5});
    z.insert(z.end(), drawn.const_data_ptr<float>(), drawn.const_data_ptr<float>() + drawn.numel());
  }
  const Json noise{{"index", kIndex}, {"shape", {3, 1, 4, 5}}, {"z", z}};
  const fs::path path = kFixtures / "official_code_noise.json";
  if (std::getenv("ALEA_UPDATE_FIXTURES") != nullptr) atomic_write(path, std::string_view(noise.dump() + "\n"));
  const Json stored = read_json_file(path);
  EXPECT_EQ(stored.at("z").get<std::vector<float>>(), z) << "run this with ALEA_UPDATE_FIXTURES=1, then the script";
}

TEST(OfficialCodeGuidance, MovesEpsAsV4Does) {
  const Json& fixture = expected("guidance");
  TanhNetwork network(fixture);
  test::GuidedStep step(network, 1, 400);
  const std::vector<std::int64_t> shape{3, 1, 4, 5};
  step.view.x = tensor(fixture.at("x"), shape);
  step.view.eps = test::eps_of(network, step.view.x, step.view.t, step.ids);
  step.view.x0 = predict_x0(step.view.x, step.view.eps, step.view.level);
  const Json config = resolve_config({{"protocol", "guidance"},
                                      {"preset", "official-code"},
                                      {"model", {{"kind", "toy_mixture"}}},
                                      {"generate", 64},
                                      {"features", "pixels"},
                                      {"reference", "self"}},
                                     "test")
                          .config;
  const auto answers = step.run(*test::guidance(config.at("guide"), network), 5);
  const at::Tensor change = answers.eps.to(at::kDouble) - step.view.eps,
                   wanted = tensor(fixture.at("guided"), shape) - tensor(fixture.at("e"), shape);
  ASSERT_GT(largest(wanted), 1e-4);
  EXPECT_LT(largest(change - wanted), 1e-5 * largest(wanted));
  EXPECT_EQ((change != 0).sum().item<std::int64_t>(), 3);  // one of each image's 20 elements is past its quantile
}

}  // namespace
}  // namespace alea
