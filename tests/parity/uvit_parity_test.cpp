#include <ATen/Parallel.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "models/nn/uvit.h"
#include "tests/parity/parity_fixture.h"
#include "tests/support/plugins.h"

namespace alea {
namespace {

using test::fixture, test::tensor_of;

nn::UvitOptions u1() { return {.img_size = 8, .embed_dim = 64, .depth = 4, .heads = 4, .num_classes = 11}; }

nn::UvitOptions u2() {
  return {.img_size = 8,
          .patch_size = 4,
          .embed_dim = 64,
          .depth = 2,
          .heads = 2,
          .qkv_bias = true,
          .num_classes = 0,
          .mlp_time_embed = true,
          .conv = true};
}

nn::UvitOptions u3() { return {.img_size = 8, .embed_dim = 72, .depth = 2, .heads = 4, .num_classes = 11}; }

struct Case {
  const char* name;
  nn::UvitOptions options;
  std::int64_t n_parameters;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class OneThread {
 public:
  OneThread() { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before_); }

 private:
  int before_ = at::get_num_threads();
};

class UvitParity : public testing::TestWithParam<Case> {
 protected:
  nn::Uvit uvit() const {
    HashedSource source;
    return nn::Uvit(source, GetParam().options);
  }
  at::Tensor labels() const { return file_.tensors().contains("labels") ? tensor_of(file_, "labels") : at::Tensor(); }

  const c10::InferenceMode inference_;
  const SafetensorsFile file_{fixture(std::string("uvit_") + GetParam().name + ".safetensors")};
};

TEST_P(UvitParity, AgreesWithASecondImplementationInFloat64) {
  test::expect_parity(uvit().forward(tensor_of(file_, "x"), tensor_of(file_, "t"), labels()), file_);
}

/// On one thread: networks this small multiply five rows at a time, which several threads would share out among them.
TEST_P(UvitParity, RowsDoNotInfluenceEachOther) {
  const OneThread one_thread;
  const auto network = uvit();
  const auto x = tensor_of(file_, "x"), t = tensor_of(file_, "t"), y = labels();
  const auto together = network.forward(x, t, y);
  for (std::int64_t row = 0; row < x.size(0); ++row) {
    const auto one = [&](const at::Tensor& rows) { return rows.defined() ? rows.narrow(0, row, 1) : rows; };
    EXPECT_TRUE(at::equal(network.forward(one(x), one(t), one(y)), one(together))) << "row " << row;
  }
}

TEST_P(UvitParity, RunsOnTheMetaDeviceWithTheRightShape) {
  MetaSource source;
  const nn::Uvit network(source, GetParam().options);
  EXPECT_EQ(count_parameters(source.made()), GetParam().n_parameters);
  const auto meta = at::TensorOptions().device(at::kMeta);
  const auto y = labels().defined() ? at::empty({2}, meta.dtype(at::kLong)) : at::Tensor();
  const auto x = at::empty({2, 4, 8, 8}, meta.dtype(at::kFloat));
  const auto output = network.forward(x, at::empty({2}, meta.dtype(at::kFloat)), y);
  EXPECT_TRUE(output.is_meta());
  EXPECT_EQ(output.sizes(), x.sizes());
}

INSTANTIATE_TEST_SUITE_P(Configs, UvitParity,
                         testing::Values(Case{"u1", u1(), 269584}, Case{"u2", u2(), 200212}, Case{"u3", u3(), 203848}),
                         [](const auto& info) { return info.param.name; });

TEST(UvitKeys, AreThoseOfThePublishedNetworks) {
  MetaSource h2, h4;
  const nn::Uvit imagenet256(h2, {}), imagenet512(h4, {.img_size = 64, .patch_size = 4});
  EXPECT_EQ(test::key_lines(h2.made()), test::sorted_lines(fixture("uvit_h2_keys.txt")));
  EXPECT_EQ(test::key_lines(h4.made()), test::sorted_lines(fixture("uvit_h4_keys.txt")));
  EXPECT_EQ(h2.made().size(), 355u);
  EXPECT_EQ(count_parameters(h2.made()), 500832016);
  EXPECT_EQ(count_parameters(h4.made()), 500942656);
}

void expect_full_size_parity(const std::string& name, const nn::UvitOptions& options) {
  const c10::InferenceMode inference;
  const SafetensorsFile file(fixture("uvit_" + name + "_full.safetensors"));
  HashedSource source;
  const nn::Uvit network(source, options);
  const auto x = test::hashed_input(name, {2, 4, options.img_size, options.img_size});
  test::expect_chosen_values(network.forward(x, tensor_of(file, "t"), tensor_of(file, "labels")), file);
}

TEST(UvitFullSize, H2AgreesWithASecondImplementation) {
  if (!test::is_full_size_wanted()) GTEST_SKIP() << "a network of 2 GB: set ALEA_FULL_SIZE=1";
  expect_full_size_parity("h2", {});
}

TEST(UvitFullSize, H4AgreesWithASecondImplementation) {
  if (!test::is_full_size_wanted()) GTEST_SKIP() << "a network of 2 GB: set ALEA_FULL_SIZE=1";
  expect_full_size_parity("h4", {.img_size = 64, .patch_size = 4});
}

TEST(UvitShapes, PatchesAreLaidOutWithTheChannelFastest) {
  const auto image = nn::unpatchify(at::arange(2 * 2 * 2 * 2 * 3).view({1, 4, 12}), 2, 2, 3);
  ASSERT_EQ(image.sizes(), at::IntArrayRef({1, 3, 4, 4}));
  const auto at_pixel = [&](int channel, int row, int column) { return image[0][channel][row][column].item<int>(); };
  EXPECT_EQ(at_pixel(1, 0, 0), 1);
  EXPECT_EQ(at_pixel(0, 0, 1), 3);
  EXPECT_EQ(at_pixel(0, 1, 0), 6);
  EXPECT_EQ(at_pixel(0, 0, 2), 12);
  EXPECT_EQ(at_pixel(0, 2, 0), 24);
}

TEST(UvitShapes, WrongInputsAndOptionsAreRefused) {
  HashedSource source;
  const nn::Uvit with(source, u1()), without(source, u2());
  const auto x = at::zeros({2, 4, 8, 8}), t = at::zeros({2}), y = at::zeros({2}, at::kLong);
  const auto code = [](auto&& call) { return test::code_of(call); };
  EXPECT_EQ(code([&] { with.forward(at::zeros({2, 4, 8, 6}), t, y); }), ErrorCode::shape);
  EXPECT_EQ(code([&] { with.forward(x, at::zeros({3}), y); }), ErrorCode::shape);
  EXPECT_EQ(code([&] { with.forward(x, t, {}); }), ErrorCode::shape);
  EXPECT_EQ(code([&] { with.forward(x, t, at::zeros({2})); }), ErrorCode::shape);
  EXPECT_EQ(code([&] { with.forward(x, t, at::full({2}, 11, at::kLong)); }), ErrorCode::domain);
  EXPECT_EQ(code([&] { with.forward(x, t, at::full({2}, -1, at::kLong)); }), ErrorCode::domain);
  EXPECT_EQ(code([&] { without.forward(x, t, y); }), ErrorCode::shape);
  EXPECT_EQ(code([&] { nn::Uvit(source, {.img_size = 9}); }), ErrorCode::config);
  EXPECT_EQ(code([&] { nn::Uvit(source, {.img_size = 8, .embed_dim = 66, .heads = 4}); }), ErrorCode::config);
}

}  // namespace
}  // namespace alea
