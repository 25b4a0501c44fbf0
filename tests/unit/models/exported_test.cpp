#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "core/files.h"
#include "core/permissions.h"
#include "core/philox.h"
#include "formats/npy.h"
#include "models/exported_module.h"
#include "models/models.h"
#include "tests/support/plugins.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const fs::path kModules = fs::path(ALEA_SOURCE_DIR) / "tests/fixtures/exported";
constexpr double kStd = 0.5;
constexpr std::array kMeans = {0.5, -0.25, 0.0};  // by class, the null label's last

at::Tensor normals(at::IntArrayRef shape) {
  at::Tensor x = at::empty(shape, at::kFloat);
  fill_normal({.seed = 9}, {x.mutable_data_ptr<float>(), static_cast<std::size_t>(x.numel())});
  return x;
}

/// Manifests of the toys that scripts/fixtures/exported.py makes.
class Exported : public ::testing::Test {
 protected:
  fs::path manifest(const std::string& module, const Json& changes = Json::object()) {
    fs::copy_file(kModules / (module + ".pt"), root_ / (module + ".pt"), fs::copy_options::skip_existing);
    Json json = {{"module", module + ".pt"}, {"sha256", sha256_file(root_ / (module + ".pt"))},
                 {"shape", {2, 4, 4}},       {"schedule", {{"kind", "linear"}}},
                 {"n_classes", 2},           {"null_label", 2}};
    json.merge_patch(changes);
    const fs::path path = root_ / (module + std::to_string(++made_) + ".json");
    atomic_write(path, json.dump());
    return path;
  }
  std::unique_ptr<Denoiser> load(const std::string& module, const Json& changes = Json::object()) {
    return make_model({{"kind", "exported"}, {"manifest", manifest(module, changes).string()}});
  }
  std::string message_of(const std::string& module, const Json& changes) {
    try {
      load(module, changes);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  /// Rows of two times, as a packed call has them.
  static Batch batch(float first = 980, float second = 20) {
    const Ids ids{3, 4, 5};
    return {.x = normals({3, 2, 4, 4}),
            .t = at::tensor(std::vector<float>{first, second, second}),
            .labels = at::tensor(std::vector<std::int64_t>{0, 1, 0}),
            .ids = ids};
  }
  testing::TemporaryFolder root_;
  int made_ = 0;
};

at::Tensor exact_eps(const at::Tensor& x, double mean, double alpha, double sigma) {
  return (x - alpha * mean) * (sigma / (alpha * alpha * kStd * kStd + sigma * sigma));
}

void expect_close(const at::Tensor& found, const at::Tensor& expected, double tolerance = 2e-5) {
  EXPECT_LT((found - expected).abs().max().item<double>(), tolerance);
}

void expect_exact(Denoiser& denoiser, const Batch& rows, const std::function<std::pair<double, double>(float)>& level) {
  const Prediction found = denoiser.predict(rows);
  for (std::int64_t row = 0; row < rows.x.size(0); ++row) {
    const auto [alpha, sigma] = level(rows.t[row].item<float>());
    const double mean = kMeans[rows.labels[row].item<std::int64_t>()];
    expect_close(found.eps[row], exact_eps(rows.x[row], mean, alpha, sigma));
    if (found.x0.defined()) expect_close(found.x0[row] * alpha + found.eps[row] * sigma, rows.x[row]);
  }
}

TEST_F(Exported, EpsIsRecoveredFromEveryParametrisation) {
  for (const char* prediction : {"eps", "x0", "v"}) {
    SCOPED_TRACE(prediction);
    const auto denoiser = load(prediction, {{"prediction", prediction}});
    expect_exact(*denoiser, batch(), [&](float t) {
      const double alpha_bar = denoiser->schedule().alpha_bar({t});
      return std::pair(std::sqrt(alpha_bar), std::sqrt(1 - alpha_bar));
    });
  }
  const auto flow = load("flow", {{"prediction", "flow"}, {"schedule", {{"kind", "flow"}}}});
  expect_exact(*flow, batch(1000, 125), [](float t) { return std::pair(1 - t / 1000.0, t / 1000.0); });
}

TEST_F(Exported, ALabelOfTimeMayHaveAnotherOriginAndScale) {
  const auto from_zero = load("eps"), from_one = load("from_one", {{"time_offset", 1}});
  EXPECT_TRUE(at::equal(from_one->predict(batch()).eps, from_zero->predict(batch()).eps));
  Batch halved = batch(490, 10);
  EXPECT_TRUE(at::equal(load("eps", {{"time_scale", 2}})->predict(halved).eps, from_zero->predict(batch()).eps));
}

TEST_F(Exported, TensorsBelongToIds) {
  std::vector<float> means;
  for (int id = 0; id < 6; ++id) means.push_back(0.1F * static_cast<float>(id));
  const float none = 0;
  write_npz(root_ / "text.npz",
            {{"means", {DType::f32, {6, 1}, std::as_bytes(std::span(means))}},
             {"none", {DType::f32, {1, 1}, std::as_bytes(std::span(&none, 1))}}},
            false);
  const auto denoiser = load(
      "conditioned",
      {{"n_classes", 0}, {"null_label", nullptr}, {"conditioning", "text.npz:means"}, {"null_conditioning", "text.npz:none"}});
  EXPECT_TRUE(denoiser->spec().knows_unconditional);
  Batch rows = batch(500, 500);
  const double alpha_bar = denoiser->schedule().alpha_bar({500}), alpha = std::sqrt(alpha_bar), sigma = std::sqrt(1 - alpha_bar);
  const at::Tensor with = denoiser->predict(rows).eps;
  rows.unconditional = true;
  const at::Tensor without = denoiser->predict(rows).eps;
  for (std::int64_t row = 0; row < 3; ++row) {
    expect_close(with[row], exact_eps(rows.x[row], means[rows.ids[row]], alpha, sigma));
    expect_close(without[row], exact_eps(rows.x[row], 0, alpha, sigma));
  }
  rows.ids = {3, 4, 6};
  rows.unconditional = false;
  EXPECT_EQ(test::code_of([&] { denoiser->predict(rows); }), ErrorCode::domain);
}

TEST_F(Exported, ALearnedVarianceIsTheSecondHalfOfTheChannels) {
  const auto denoiser = load("variance", {{"learned_variance", true}, {"n_classes", 0}, {"null_label", nullptr}});
  const Prediction found = denoiser->predict(batch());
  EXPECT_EQ(found.eps.size(1), 2);
  EXPECT_TRUE((found.variance_fraction == 0.75).all().item<bool>());
  const auto unsaid = load("variance", {{"n_classes", 0}, {"null_label", nullptr}});
  EXPECT_EQ(test::code_of([&] { unsaid->predict(batch()); }), ErrorCode::shape);
}

TEST_F(Exported, IsDescribedByItsManifestAlone) {
  const fs::path json =
      manifest("eps", {{"null_conditioning", "nowhere.npy"}, {"conditioning", "nowhere.npy"}, {"module", "gone.pt"}});
  const Json config = {{"kind", "exported"}, {"manifest", json.string()}};
  const DenoiserSpec spec = make_model(config, {.device = at::kMeta})->spec();
  EXPECT_EQ(spec.shape, (ImageShape{2, 4, 4}));
  EXPECT_EQ(spec.n_classes, 2);
  EXPECT_TRUE(spec.knows_unconditional);
  EXPECT_TRUE(spec.dropout_sites.empty());
  EXPECT_THROW(make_model(config), Error);
}

TEST_F(Exported, SaysWhatIsWrong) {
  EXPECT_THAT(message_of("eps", {{"sha256", std::string(64, '0')}}), HasSubstr(", expected 0000"));
  EXPECT_THAT(message_of("eps", {{"module", "none.pt"}}), HasSubstr("none.pt"));
  EXPECT_THAT(message_of("eps", {{"prediction", "flow"}}), HasSubstr("needs the schedule"));
  EXPECT_THAT(message_of("eps", {{"shape", {2, 4}}, {"null_conditioning", "x.npy"}}),
              AllOf(HasSubstr("/shape"), HasSubstr("/null_conditioning")));
  EXPECT_THAT(message_of("eps", {{"prediciton", "eps"}}), HasSubstr("prediction"));
  const auto denoiser = load("eps");
  Batch rows = batch();
  rows.mode = DropoutMode{};
  EXPECT_EQ(test::code_of([&] { denoiser->predict(rows); }), ErrorCode::config);
  rows = batch();
  rows.labels = at::Tensor();
  EXPECT_EQ(test::code_of([&] { denoiser->predict(rows); }), ErrorCode::shape);
  atomic_write(root_ / "text.pt", "not a module");
  EXPECT_THAT(message_of("eps", {{"module", "text.pt"}, {"sha256", sha256_file(root_ / "text.pt")}}),
              HasSubstr("expected a TorchScript module"));
}

TEST_F(Exported, APackageIsMachineCodeAndNeedsLeave) {
  atomic_write(root_ / "net.pt2", "whatever");
  EXPECT_EQ(test::code_of([&] { load_exported_module(root_ / "net.pt2"); }), ErrorCode::usage);
}

/// A package is made for one machine, so none is kept: the peers' torch makes one where it is installed (half a minute).
TEST_F(Exported, APackageAnswersAsTheModuleDoes) {
  const fs::path source = ALEA_SOURCE_DIR, python = source / ".deps/peers/bin/python";
  if (!fs::exists(source / ".deps/peers/.stamp"))
    GTEST_SKIP() << "needs the peers' torch to make a .pt2 package: scripts/setup --peers";
  const std::string package = (root_ / "eps.pt2").string();
  const std::string words = fmt::format("OMP_NUM_THREADS=1 {} {} package {} > {} 2>&1", python.string(),
                                        (source / "scripts/fixtures/exported.py").string(), package, (root_ / "log").string());
  ASSERT_EQ(std::system(words.c_str()), 0) << read_text_file(root_ / "log");
  allow_native_code();
  const auto packaged = load("eps", {{"module", "eps.pt2"}, {"sha256", sha256_file(package)}});
  expect_close(packaged->predict(batch()).eps, load("eps")->predict(batch()).eps, 1e-6);
}

class ClassifierFree : public Exported {
 protected:
  std::unique_ptr<Denoiser> guide(const Json& options) {
    Json config = {{"kind", "classifier_free"}, {"model", {{"kind", "exported"}, {"manifest", manifest("eps").string()}}}};
    config.merge_patch(options);
    return make_model(config);
  }
};

TEST_F(ClassifierFree, GoesFromTheUnconditionalPredictionThroughTheConditionalOne) {
  const auto model = load("eps");
  Batch rows = batch(), none = rows;
  none.labels = at::full_like(rows.labels, 2);
  const at::Tensor with = model->predict(rows).eps, without = model->predict(none).eps;
  EXPECT_TRUE(at::equal(guide({{"scale", 0}})->predict(rows).eps, without));
  expect_close(guide({{"scale", 1}})->predict(rows).eps, with, 1e-6);
  expect_close(guide({{"scale", 3}})->predict(rows).eps, without * -2 + with * 3, 1e-5);
  EXPECT_EQ(guide({{"scale", 3}})->spec().forwards, 2);
}

TEST_F(ClassifierFree, RescalingBringsTheConditionalSpreadBack) {
  Batch rows = batch();
  const auto spread = [](const at::Tensor& e) { return at::std(e, at::IntArrayRef{1, 2, 3}); };
  const at::Tensor with = load("eps")->predict(rows).eps;
  expect_close(spread(guide({{"scale", 4}, {"rescale", 1}})->predict(rows).eps), spread(with), 1e-5);
  const at::Tensor none = guide({{"scale", 4}})->predict(rows).eps,
                   half = guide({{"scale", 4}, {"rescale", 0.5}})->predict(rows).eps,
                   whole = guide({{"scale", 4}, {"rescale", 1}})->predict(rows).eps;
  expect_close(half, (none + whole) / 2, 1e-5);
}

TEST_F(ClassifierFree, NeedsANullClass) {
  const Json model = {{"kind", "exported"}, {"manifest", manifest("eps", {{"null_label", nullptr}}).string()}};
  EXPECT_EQ(test::code_of([&] { make_model({{"kind", "classifier_free"}, {"model", model}}); }), ErrorCode::config);
}

TEST(ClassifierFreeConfig, ResolvesTheModelInsideAndCountsItsForwards) {
  ConfigErrors errors;
  const Json model = {{"kind", "toy_gaussian"}};
  const Json resolved = model_registry().resolve({{"kind", "classifier_free"}, {"model", model}}, "/model", errors);
  errors.throw_if_any("test");
  EXPECT_EQ(resolved["model"]["height"], 8);
  EXPECT_EQ(forwards_of(resolved), 2);
  EXPECT_EQ(forwards_of(resolved["model"]), 1);
  EXPECT_EQ(forwards_of({{"kind", "classifier_free"}, {"model", resolved}}), 4);
  model_registry().resolve({{"kind", "classifier_free"}, {"model", {{"kind", "toy_gausian"}}}}, "/model", errors);
  ASSERT_EQ(errors.items().size(), 1u);
  EXPECT_EQ(errors.items()[0].first, "/model/model/kind");
}

}  // namespace
}  // namespace alea
