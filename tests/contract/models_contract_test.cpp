#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "samplers/noise.h"
#include "tests/contract/toys.h"

namespace alea {
namespace {

/// Kinds that need no file: networks with weights are tested with theirs.
std::vector<std::string> kinds_without_files() {
  std::vector<std::string> out;
  for (const auto& entry : model_registry().entries())
    if (entry.schema().value("required", Json::array()).empty()) out.push_back(entry.name);
  return out;
}

class ModelContract : public testing::TestWithParam<std::string> {
 protected:
  Batch batch(const std::vector<float>& times) const {
    Ids ids;
    for (std::size_t i = 0; i < times.size(); ++i) ids.push_back(10 + i);
    return {.x = draw_normals({.seed = 3}, ids, denoiser_->spec().shape), .t = at::tensor(times), .ids = ids};
  }

  std::unique_ptr<Denoiser> denoiser_ = test::make(model_registry(), {{"kind", GetParam()}});
};

TEST_P(ModelContract, SpecIsComplete) {
  EXPECT_EQ(denoiser_->spec().kind, GetParam());
  EXPECT_GT(denoiser_->spec().shape.elements(), 0);
  EXPECT_EQ(image_shape(denoiser_->spec()).elements(), denoiser_->spec().shape.elements());
  EXPECT_GT(denoiser_->schedule().train_steps(), 1);
}

TEST_P(ModelContract, PredictsFiniteNoiseOfTheInputsShapeAndLeavesTheInputAlone) {
  const Batch rows = batch({999, 500, 0});
  const at::Tensor before = rows.x.clone();
  const at::Tensor eps = denoiser_->predict(rows).eps;
  EXPECT_EQ(eps.sizes(), rows.x.sizes());
  EXPECT_EQ(eps.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::isfinite(eps).all().item<bool>());
  EXPECT_TRUE(at::equal(rows.x, before));
  EXPECT_TRUE(at::equal(denoiser_->predict(rows).eps, eps));
}

TEST_P(ModelContract, RowsDoNotInfluenceEachOther) {
  const Batch rows = batch({999, 500, 20});
  Batch reversed = rows;
  reversed.x = rows.x.flip(0);
  reversed.t = rows.t.flip(0);
  std::reverse(reversed.ids.begin(), reversed.ids.end());
  EXPECT_TRUE(at::equal(denoiser_->predict(reversed).eps.flip(0), denoiser_->predict(rows).eps));
}

TEST_P(ModelContract, RefusesOtherShapes) {
  Batch wrong_x = batch({5, 6}), wrong_t = batch({5, 6});
  wrong_x.x = at::cat({wrong_x.x, wrong_x.x}, 3);
  wrong_t.t = at::tensor(std::vector<float>{5});
  EXPECT_EQ(test::code_of([&] { denoiser_->predict(wrong_x); }), ErrorCode::shape);
  EXPECT_EQ(test::code_of([&] { denoiser_->predict(wrong_t); }), ErrorCode::shape);
}

INSTANTIATE_TEST_SUITE_P(WithoutFiles, ModelContract, testing::ValuesIn(kinds_without_files()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace alea
