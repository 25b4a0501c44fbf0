#include <ATen/Functions.h>
#include <ATen/Parallel.h>
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

at::Tensor masks(const DropoutMode& mode, std::uint32_t site, const Ids& ids, at::IntArrayRef shape) {
  at::Tensor out = at::empty(shape);
  const auto row = static_cast<std::size_t>(out.numel() / out.size(0));
  for (std::size_t b = 0; b < ids.size(); ++b)
    nn::fill_dropout_mask({mode.seed, mode.stream, site, ids[b], mode.step, mode.pass}, mode.p,
                          {out.mutable_data_ptr<float>() + b * row, row});
  return out;
}

TEST(DropoutSites, MultiplyByTheMasksOfTheIdsInEveryLayoutDtypeAndNumberOfThreads) {
  const DropoutMode dropout{.seed = 3, .step = 7, .pass = 2, .p = kP};
  const Mode mode = dropout;
  const Ids ids{5, 6, 700};
  const nn::DropoutSites sites(mode, ids);
  const int threads = at::get_num_threads();
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{3, 67, 9, 11}, {3, 1, 5, 5}, {3, 8, 1, 1}, {3, 49, 31}}) {
    const at::Tensor x = at::linspace(-1, 1, c10::multiply_integers(shape)).view(shape);
    const at::Tensor expected = x * masks(dropout, 4, ids, shape);
    for (const int n : {1, 2}) {
      at::set_num_threads(n);
      EXPECT_TRUE(at::equal(sites.apply(x, 4), expected));
      if (shape.size() == 4) {
        const at::Tensor last = x.contiguous(at::MemoryFormat::ChannelsLast);
        EXPECT_TRUE(at::equal(sites.apply(last, 4), expected));
        EXPECT_EQ(sites.apply(last, 4).strides(), last.strides());
      }
    }
    const at::Tensor strided = x.transpose(1, 2).contiguous().transpose(1, 2);
    EXPECT_TRUE(at::equal(sites.apply(strided, 4), expected));
    const at::Tensor half = x.to(at::kBFloat16);
    EXPECT_TRUE(at::equal(sites.apply(half, 4), (half.to(at::kFloat) * masks(dropout, 4, ids, shape)).to(at::kBFloat16)));
    const at::Tensor leaf = x.clone().requires_grad_(true);
    EXPECT_TRUE(sites.apply(leaf, 4).requires_grad());
    EXPECT_TRUE(at::equal(sites.apply(leaf, 4).detach(), expected));
  }
  at::set_num_threads(threads);
}

TEST(FeatureNoise, IsAddedAtItsSitesByIdStepAndPass) {
  const Ids ids{5, 6};
  const auto noise_at = [&](const FeatureNoiseMode& noise, std::uint32_t site, const Ids& of) {
    const Mode mode = noise;
    return nn::DropoutSites(mode, of).perturbed(at::zeros({static_cast<std::int64_t>(of.size()), 40, 20, 25}), site);
  };
  const FeatureNoiseMode mode{.seed = 3, .step = 1, .pass = 2, .std = 0.25, .sites = {2, 9}};
  const at::Tensor noise = noise_at(mode, 9, ids);
  EXPECT_EQ(noise_at(mode, 3, ids).abs().max().item<float>(), 0);
  EXPECT_NEAR(noise.std().item<double>(), 0.25, 0.25 * 5 / std::sqrt(2 * 40000));
  EXPECT_NEAR(noise.mean().item<double>(), 0, 0.25 * 5 / std::sqrt(40000));
  EXPECT_TRUE(at::equal(noise_at(mode, 9, {6})[0], noise[1]));
  for (auto change :
       {+[](FeatureNoiseMode& m) { m.seed++; }, +[](FeatureNoiseMode& m) { m.step++; }, +[](FeatureNoiseMode& m) { m.pass++; }}) {
    FeatureNoiseMode other = mode;
    change(other);
    EXPECT_FALSE(at::equal(noise_at(other, 9, ids), noise));
  }
  EXPECT_FALSE(at::equal(noise_at(mode, 2, ids), noise));
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

TEST_F(UnetDropout, FeatureNoiseMovesTheAnswerByItsSizeOnlyAtItsSites) {
  const auto plain = forward(PlainMode{}, x_, ids_);
  const auto moved = [&](double std, std::vector<std::uint32_t> sites) {
    return (forward(FeatureNoiseMode{.std = std, .sites = std::move(sites)}, x_, ids_) - plain).abs().max().item<double>();
  };
  EXPECT_EQ(moved(0.1, {}), 0);
  EXPECT_EQ(moved(0.1, {1000}), 0);
  EXPECT_GT(moved(0.1, {0}), 1e-4);
  EXPECT_NEAR(moved(1e-3, {0}) / moved(1e-4, {0}), 10, 0.5);
}

TEST(UnetSites, AreEveryResnetAndEveryAttention) {
  MetaSource source;
  const auto sites = nn::Unet(source, small()).dropout_sites();
  EXPECT_EQ(std::count_if(sites.begin(), sites.end(), [](const auto& name) { return name.ends_with(".dropout"); }), 8);
  EXPECT_EQ(std::count_if(sites.begin(), sites.end(), [](const auto& name) { return name.ends_with(".to_out.1"); }), 4);
}

}  // namespace
}  // namespace alea
