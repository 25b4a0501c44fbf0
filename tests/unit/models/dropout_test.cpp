#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "models/nn/unet.h"

namespace alea {
namespace {

constexpr double kP = 0.3;

std::vector<float> mask_of(const DrawKey& key, std::size_t n, double p = kP) {
  std::vector<float> mask(n);
  nn::fill_dropout_mask(key, p, mask);
  return mask;
}

TEST(DropoutMask, DropsAShareOfPAndScalesTheRest) {
  const auto mask = mask_of({.seed = 1, .stream = Stream::dropout}, 200000);
  const auto dropped = static_cast<double>(std::count(mask.begin(), mask.end(), 0.0f));
  EXPECT_NEAR(dropped / 200000, kP, 5 * std::sqrt(kP * (1 - kP) / 200000));
  for (float value : mask) ASSERT_TRUE(value == 0.0f || value == static_cast<float>(1 / (1 - kP)));
}

TEST(DropoutMask, DependsOnEveryPartOfTheIdentity) {
  const DrawKey key{.seed = 1, .stream = Stream::dropout, .site = 2, .id = 3, .step = 4, .pass = 5};
  const auto mask = mask_of(key, 512);
  EXPECT_EQ(mask, mask_of(key, 512));
  for (auto change :
       {+[](DrawKey& k) { k.seed++; }, +[](DrawKey& k) { k.stream = Stream::training; }, +[](DrawKey& k) { k.site++; },
        +[](DrawKey& k) { k.id++; }, +[](DrawKey& k) { k.step++; }, +[](DrawKey& k) { k.pass++; }}) {
    DrawKey other = key;
    change(other);
    EXPECT_NE(mask, mask_of(other, 512));
  }
}

TEST(DropoutMask, AnOddLengthIsAPrefixOfALongerOne) {
  const DrawKey key{.seed = 9, .stream = Stream::dropout};
  const auto longer = mask_of(key, 64);
  EXPECT_EQ(mask_of(key, 31), std::vector<float>(longer.begin(), longer.begin() + 31));
}

TEST(DropoutSites, FollowLogicalOrderWhateverTheMemoryLayout) {
  const Ids ids{5, 6};
  const Mode mode = DropoutMode{.seed = 3, .p = kP};
  const nn::DropoutSites sites(mode, ids);
  const auto x = at::ones({2, 8, 5, 5});
  EXPECT_TRUE(at::equal(sites.apply(x, 1), sites.apply(x.contiguous(at::MemoryFormat::ChannelsLast), 1)));
}

nn::UnetOptions small() {
  return {.in_channels = 1,
          .out_channels = 1,
          .block_channels = {16, 32},
          .attention = {false, true},
          .layers_per_block = 1,
          .norm_groups = 4};
}

class UnetDropout : public testing::Test {
 protected:
  at::Tensor forward(const Mode& mode, const at::Tensor& x, const Ids& ids) {
    const c10::InferenceMode inference;
    HashedSource source;
    return nn::Unet(source, small()).forward(x, at::full({x.size(0)}, 500.0f), nn::DropoutSites(mode, ids));
  }
  at::Tensor x_ = at::linspace(-1, 1, 4 * 64).view({4, 1, 8, 8});
  Ids ids_{10, 11, 12, 13};
};

TEST_F(UnetDropout, VanishesInPlainModeAndAtPZero) {
  const auto plain = forward(PlainMode{}, x_, ids_);
  EXPECT_TRUE(at::equal(plain, forward(DropoutMode{.p = 0}, x_, ids_)));
  EXPECT_FALSE(at::equal(plain, forward(DropoutMode{.p = 0.1}, x_, ids_)));
}

TEST_F(UnetDropout, MasksFollowTheIdsNotThePositions) {
  const Mode mode = DropoutMode{.seed = 2, .p = 0.2, .attention_sites = true};
  const auto forwards = forward(mode, x_, ids_);
  const auto backwards = forward(mode, x_.flip(0), {13, 12, 11, 10});
  EXPECT_TRUE(at::equal(forwards, backwards.flip(0)));
}

TEST_F(UnetDropout, AttentionSitesAreASwitch) {
  const auto resnets = forward(DropoutMode{.seed = 2, .p = 0.2}, x_, ids_);
  const auto all = forward(DropoutMode{.seed = 2, .p = 0.2, .attention_sites = true}, x_, ids_);
  EXPECT_FALSE(at::equal(resnets, all));
}

TEST(UnetSites, AreEveryResnetAndEveryAttention) {
  MetaSource source;
  const auto sites = nn::Unet(source, small()).dropout_sites();
  EXPECT_EQ(std::count_if(sites.begin(), sites.end(), [](const auto& name) { return name.ends_with(".dropout"); }), 8);
  EXPECT_EQ(std::count_if(sites.begin(), sites.end(), [](const auto& name) { return name.ends_with(".to_out.1"); }), 4);
}

}  // namespace
}  // namespace alea
