#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "models/models.h"
#include "models/nn/uvit.h"
#include "models/weights.h"
#include "tests/support/plugins.h"
#include "tests/support/process.h"

namespace alea {
namespace {

/// A network of 11 labels as a user would bring it: manifest and weights in a folder.
class UvitModel : public ::testing::Test {
 protected:
  UvitModel() {
    InitialSource names(1);
    const nn::Uvit uvit(names, options_);
    save_weights(folder_ / "weights.safetensors", names.made(), StoredAs::f32);
    manifest_["sha256"] = sha256_file(folder_ / "weights.safetensors");
    n_parameters_ = count_parameters(names.made());
  }

  std::unique_ptr<Denoiser> model(const Json& changes = Json::object()) const {
    Json manifest = manifest_;
    manifest.merge_patch(changes);
    atomic_write(folder_ / "manifest.json", manifest.dump());
    return test::make(model_registry(), {{"kind", "uvit"}, {"manifest", (folder_ / "manifest.json").string()}});
  }
  ErrorCode code_with(const Json& changes) const {
    return test::code_of([&] { model(changes); });
  }
  at::Tensor eps(Denoiser& model, float t, const at::Tensor& labels) const {
    HashedSource source;
    const auto x = source.take("x", {2, 4, 8, 8}, ParameterRole::norm_scale);
    return model.predict({.x = x, .t = at::full({2}, t), .labels = labels, .ids = {5, 6}}).eps;
  }

  const nn::UvitOptions options_{.img_size = 8, .embed_dim = 16, .depth = 2, .heads = 2, .num_classes = 11};
  const testing::TemporaryFolder folder_;
  Json manifest_ = {{"architecture", to_json(options_)},
                    {"schedule", {{"kind", "linear"}}},
                    {"shape", {4, 8, 8}},
                    {"weights", "weights.safetensors"},
                    {"null_label", 10}};
  std::int64_t n_parameters_ = 0;
};

TEST_F(UvitModel, SamplesHaveEveryClassButTheNullLabel) {
  const auto made = model();
  EXPECT_EQ(made->spec().kind, "uvit");
  EXPECT_EQ(made->spec().n_classes, 10);
  EXPECT_EQ(made->spec().shape, (ImageShape{4, 8, 8}));
  EXPECT_EQ(made->spec().n_parameters, n_parameters_);
  EXPECT_EQ(made->spec().weights_sha256, manifest_["sha256"]);
  EXPECT_TRUE(made->spec().dropout_sites.empty());
  EXPECT_EQ(model({{"null_label", nullptr}})->spec().n_classes, 11);
}

TEST_F(UvitModel, TheOffsetIsAddedToTheTimeLabel) {
  const auto labels = at::tensor({3, 10}, at::kLong);
  const auto as_fed = model(), as_trained = model({{"label_offset", 1}});
  EXPECT_TRUE(at::equal(eps(*as_trained, 41, labels), eps(*as_fed, 42, labels)));
  EXPECT_FALSE(at::equal(eps(*as_trained, 41, labels), eps(*as_fed, 41, labels)));
}

TEST_F(UvitModel, RowsWithoutLabelsHaveTheNullLabel) {
  const auto made = model();
  EXPECT_TRUE(at::equal(eps(*made, 7, {}), eps(*made, 7, at::full({2}, 10, at::kLong))));
  EXPECT_FALSE(at::equal(eps(*made, 7, {}), eps(*made, 7, at::full({2}, 9, at::kLong))));
  const auto without = model({{"null_label", nullptr}});
  EXPECT_EQ(test::code_of([&] { eps(*without, 7, {}); }), ErrorCode::shape);
}

TEST_F(UvitModel, ManifestsThatContradictThemselvesAreRefused) {
  EXPECT_EQ(code_with({{"null_label", 9}}), ErrorCode::config);
  EXPECT_EQ(code_with({{"shape", {4, 8, 16}}}), ErrorCode::config);
  EXPECT_EQ(code_with({{"label_offset", 2}}), ErrorCode::config);
  EXPECT_EQ(code_with({{"architecture", {{"embed_dim", 18}}}}), ErrorCode::data);
  EXPECT_EQ(code_with({{"architecture", {{"embed_dim", 17}}}}), ErrorCode::config);
}

}  // namespace
}  // namespace alea
