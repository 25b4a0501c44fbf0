#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "samplers/start_points.h"
#include "tests/contract/device.h"
#include "tests/contract/small_models.h"
#include "tests/support/plugins.h"

namespace alea {
namespace {

class ModelContract : public ::testing::TestWithParam<std::string> {
 protected:
  Batch batch(const std::vector<float>& times) const {
    Ids ids;
    for (std::size_t i = 0; i < times.size(); ++i) ids.push_back(10 + i);
    const auto& spec = denoiser_->spec();
    const PhiloxStart start(3, spec.shape, spec.n_classes);
    const at::Tensor labels = start.labels(ids);
    return {.x = start.x(ids).to(spec.device),
            .t = at::tensor(times).to(spec.device),
            .labels = labels.defined() ? labels.to(spec.device) : labels,
            .ids = ids};
  }

  std::unique_ptr<Denoiser> denoiser_ = test::small_model(GetParam(), test::placement());
};

TEST_P(ModelContract, SpecIsComplete) {
  EXPECT_FALSE(denoiser_->spec().kind.empty());
  EXPECT_EQ(denoiser_->spec().device, test::placement().device);
  EXPECT_GT(denoiser_->spec().shape.elements(), 0);
  EXPECT_GT(denoiser_->schedule().train_steps(), 1);
}

TEST_P(ModelContract, PredictsFiniteNoiseOfTheInputsShapeAndLeavesTheInputAlone) {
  const Batch rows = batch({999, 500, 20, 0});
  const at::Tensor before = rows.x.clone();
  const at::Tensor eps = denoiser_->predict(rows).eps;
  EXPECT_EQ(eps.sizes(), rows.x.sizes());
  EXPECT_EQ(eps.device(), denoiser_->spec().device);
  EXPECT_EQ(eps.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::isfinite(eps).all().item<bool>());
  EXPECT_TRUE(at::equal(rows.x, before));
  EXPECT_TRUE(at::equal(denoiser_->predict(rows).eps, eps));
}

TEST_P(ModelContract, RowsDoNotInfluenceEachOther) {
  const Batch rows = batch({999, 500, 20, 0});
  Batch reversed = rows;
  reversed.x = rows.x.flip(0);
  reversed.t = rows.t.flip(0);
  if (rows.labels.defined()) reversed.labels = rows.labels.flip(0);
  std::reverse(reversed.ids.begin(), reversed.ids.end());
  EXPECT_TRUE(at::equal(denoiser_->predict(reversed).eps.flip(0), denoiser_->predict(rows).eps));
}

TEST_P(ModelContract, ImagesHaveTheShapeThatItSays) {
  const Batch rows = batch({999, 500});
  const ImageShape shape = image_shape(denoiser_->spec());
  const std::vector<std::int64_t> expected{2, shape.channels, shape.height, shape.width};
  EXPECT_EQ(denoiser_->to_image(rows.x).sizes(), expected);
  EXPECT_EQ(denoiser_->map_to_image(rows.x).sizes(), expected);
}

TEST_P(ModelContract, RefusesOtherShapes) {
  Batch wrong_x = batch({5, 6}), wrong_t = batch({5, 6});
  wrong_x.x = at::cat({wrong_x.x, wrong_x.x}, 3);
  wrong_t.t = wrong_t.t.narrow(0, 0, 1);
  EXPECT_EQ(test::code_of([&] { denoiser_->predict(wrong_x); }), ErrorCode::shape);
  EXPECT_EQ(test::code_of([&] { denoiser_->predict(wrong_t); }), ErrorCode::shape);
}

INSTANTIATE_TEST_SUITE_P(All, ModelContract, ::testing::ValuesIn(model_registry().names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace alea
