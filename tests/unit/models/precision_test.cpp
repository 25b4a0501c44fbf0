#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/philox.h"
#include "models/models.h"
#include "models/nn/adm_classifier.h"
#include "models/nn/adm_unet.h"
#include "models/nn/autoencoder_kl.h"
#include "models/nn/unet.h"
#include "models/nn/uvit.h"
#include "tests/support/plugins.h"

namespace alea {
namespace {

at::Tensor normals(at::IntArrayRef shape, std::uint64_t seed) {
  at::Tensor x = at::empty(shape, at::kFloat);
  fill_normal({.seed = seed}, {x.mutable_data_ptr<float>(), static_cast<std::size_t>(x.numel())});
  return x;
}

double rms(const at::Tensor& x) { return x.to(at::kDouble).pow(2).mean().sqrt().item<double>(); }

const Mode kPlain = PlainMode{};

nn::UnetOptions unet_options() {
  return {.in_channels = 4,
          .out_channels = 4,
          .block_channels = {32, 64},
          .attention = {false, true},
          .layers_per_block = 1,
          .norm_groups = 8};
}

/// A network of seeded weights whose answer is compared between precisions.
struct Network {
  const char* name;
  std::function<at::Tensor(ParameterSource&)> answer;
  int passes = 1;  ///< through its layers: a gradient is rounded on the way back too
};
void PrintTo(const Network& network, std::ostream* out) { *out << network.name; }

at::Tensor unet(ParameterSource& source, const Mode& mode = kPlain) {
  const Ids ids = {4, 5, 6};
  return nn::Unet(source, unet_options()).forward(normals({3, 4, 14, 14}, 1), at::full({3}, 300.0f), nn::DropoutSites(mode, ids));
}

at::Tensor adm_unet(ParameterSource& source) {
  const nn::AdmUnet network(source, {.model_channels = 32,
                                     .channel_mult = {1, 2},
                                     .num_res_blocks = 1,
                                     .attention_resolutions = {2},
                                     .num_head_channels = 16,
                                     .num_classes = 10});
  return network.forward(normals({3, 3, 16, 16}, 2), at::full({3}, 300.0f), at::tensor(std::vector<std::int64_t>{1, 0, 9}),
                         nn::DropoutSites(kPlain, {}));
}

/// Of d/dx sum log p(1 | x), which classifier guidance takes.
at::Tensor classifier_gradient(ParameterSource& source) {
  const nn::AdmClassifier classifier(source, {.image_size = 16,
                                              .n_classes = 10,
                                              .model_channels = 32,
                                              .channel_mult = {1, 2},
                                              .num_res_blocks = 1,
                                              .attention_resolutions = {2},
                                              .num_head_channels = 16});
  const at::AutoGradMode with_gradients(true);
  const at::Tensor x = normals({3, 3, 16, 16}, 3).requires_grad_(true);
  const at::Tensor chosen = at::log_softmax(classifier.forward(x, at::full({3}, 300.0f)), 1).narrow(1, 1, 1).sum();
  return torch::autograd::grad({chosen}, {x}).front();
}

at::Tensor uvit(ParameterSource& source) {
  const nn::UvitOptions options{
      .img_size = 16, .embed_dim = 64, .depth = 4, .heads = 4, .num_classes = 11, .mlp_time_embed = true, .conv = true};
  return nn::Uvit(source, options)
      .forward(normals({3, 4, 16, 16}, 4), at::full({3}, 300.0f), at::tensor(std::vector<std::int64_t>{1, 0, 10}));
}

const nn::AutoencoderOptions kAutoencoder{.ch = 32, .ch_mult = {1, 2}, .num_res_blocks = 1};

at::Tensor decoded(ParameterSource& source) { return nn::AutoencoderKl(source, kAutoencoder).decode(normals({2, 4, 8, 8}, 5)); }
at::Tensor encoded(ParameterSource& source) {
  return nn::AutoencoderKl(source, kAutoencoder).encode(normals({2, 3, 16, 16}, 6)).mean;
}

class Precision : public testing::TestWithParam<Network> {
 protected:
  at::Tensor answer(at::ScalarType compute) const {
    HashedSource weights(std::sqrt(6.0));  // activations keep their scale, so that rounding counts
    PlacedSource placed(weights, {.compute = compute});
    return GetParam().answer(placed);
  }
};

/// 8 bits: a rounding is off by 0.4% at most and 0.17% in the mean square, and some tens of them in a row add up as their root.
TEST_P(Precision, Bfloat16IsWithinTwoPercentOfFloat32) {
  const at::Tensor expected = answer(at::kFloat), found = answer(at::kBFloat16);
  EXPECT_EQ(found.scalar_type(), at::kFloat);
  EXPECT_LT(rms(found - expected), 0.02 * GetParam().passes * rms(expected));
  EXPECT_GT(rms(found - expected), 1e-4 * rms(expected)) << "was computed in float32";
}

/// 11 bits: an eighth of that.
TEST_P(Precision, Float16IsWithinAQuarterPercentOfFloat32) {
  const at::Tensor expected = answer(at::kFloat), found = answer(at::kHalf);
  EXPECT_EQ(found.scalar_type(), at::kFloat);
  EXPECT_LT(rms(found - expected), 0.0025 * GetParam().passes * rms(expected));
  EXPECT_GT(rms(found - expected), 1e-5 * rms(expected)) << "was computed in float32";
}

INSTANTIATE_TEST_SUITE_P(Networks, Precision,
                         testing::Values(Network{"Unet", [](ParameterSource& s) { return unet(s); }},
                                         Network{"AdmUnet", adm_unet}, Network{"ClassifierGradient", classifier_gradient, 2},
                                         Network{"Uvit", uvit}, Network{"Decoder", decoded}, Network{"Encoder", encoded}),
                         [](const auto& info) { return info.param.name; });

/// Notes what each parameter was asked for as, and became.
class Spy : public ParameterSource {
 public:
  Spy(ParameterSource& source, std::map<std::string, at::ScalarType>& seen, std::map<std::string, ParameterRole>& roles)
      : source_(source), seen_(seen), roles_(roles) {}
  at::Tensor take(const std::string& name, at::IntArrayRef shape, ParameterRole role) override {
    const at::Tensor taken = source_.take(name, shape, role);
    seen_[name] = taken.scalar_type();
    roles_[name] = role;
    return taken;
  }
  ParameterSource& in_float32() override {
    if (!inner_) inner_ = std::make_unique<Spy>(source_.in_float32(), seen_, roles_);
    return *inner_;
  }

 private:
  ParameterSource& source_;
  std::map<std::string, at::ScalarType>& seen_;
  std::map<std::string, ParameterRole>& roles_;
  std::unique_ptr<Spy> inner_;
};

TEST(PrecisionOfParameters, NormsEmbeddingsAndBothEndsStayInFloat32AndTheRestDoesNot) {
  std::map<std::string, at::ScalarType> seen;
  std::map<std::string, ParameterRole> roles;
  HashedSource weights;
  PlacedSource placed(weights, {.compute = at::kBFloat16});
  Spy spy(placed, seen, roles);
  const nn::Unet network(spy, unet_options());
  for (const auto& [name, dtype] : seen) {
    const bool of_norm = roles[name] == ParameterRole::norm_scale || roles[name] == ParameterRole::norm_shift;
    const bool kept = of_norm || name.starts_with("time_embedding") || name.find("time_emb_proj") != std::string::npos ||
                      name.starts_with("conv_in") || name.starts_with("conv_out");
    EXPECT_EQ(dtype, kept ? at::kFloat : at::kBFloat16) << name;
  }
  EXPECT_EQ(std::ranges::count_if(roles, [](const auto& item) { return item.second == ParameterRole::norm_scale; }), 21);
}

TEST(PrecisionOfParameters, AreNamedByTheConfigsWords) {
  EXPECT_EQ(compute_type("float32"), at::kFloat);
  EXPECT_EQ(compute_type("bfloat16"), at::kBFloat16);
  EXPECT_EQ(compute_type("float16"), at::kHalf);
  EXPECT_EQ(test::code_of([] { compute_type("float8"); }), ErrorCode::config);
}

TEST(PrecisionOfDropout, MasksAreThoseOfFloat32) {
  const Ids ids{5, 6};
  const Mode mode = DropoutMode{.seed = 3, .p = 0.1};
  const nn::DropoutSites sites(mode, ids);
  const at::Tensor x = normals({2, 8, 5, 5}, 8).to(at::kBFloat16);
  const at::Tensor found = sites.apply(x, 1), expected = sites.apply(x.to(at::kFloat), 1);
  EXPECT_EQ(found.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::equal(found, expected.to(at::kBFloat16)));  // 1 / 0.9 in bfloat16 would be 0.16% too small
}

TEST(PrecisionOfToys, RoundsWhatTheySeeAndSay) {
  const Json config = {{"kind", "toy_gaussian"}, {"height", 2}, {"width", 2}};
  const auto in = [&](at::ScalarType compute) { return test::make(model_registry(), config, Placement{.compute = compute}); };
  const at::Tensor x = normals({3, 1, 2, 2}, 9);
  const auto eps = [&](at::ScalarType compute, const at::Tensor& seen) {
    return in(compute)->predict({.x = seen, .t = at::full({3}, 300.0f), .ids = {0, 1, 2}}).eps;
  };
  const auto rounded = [](const at::Tensor& y) { return y.to(at::kBFloat16).to(at::kFloat); };
  EXPECT_TRUE(at::equal(eps(at::kBFloat16, x), rounded(eps(at::kFloat, rounded(x)))));
  EXPECT_FALSE(at::equal(eps(at::kBFloat16, x), eps(at::kFloat, x)));
}

class Rows : public testing::TestWithParam<std::tuple<const char*, at::ScalarType>> {};

/// What float32 promises: a row's bits depend neither on its place nor on its neighbours.
TEST_P(Rows, AreBitEqualAcrossSplits) {
  const c10::InferenceMode inference;
  const auto [kind, compute] = GetParam();
  HashedSource weights;
  PlacedSource placed(weights, {.compute = compute});
  const at::Tensor x = normals({8, 4, 16, 16}, 1), t = at::full({8}, 300.0f);
  std::function<at::Tensor(const at::Tensor&)> forward;
  const nn::UvitOptions tokens{.img_size = 16, .embed_dim = 64, .depth = 2, .heads = 4, .num_classes = 0};
  std::shared_ptr<nn::Unet> convolutions;
  std::shared_ptr<nn::Uvit> transformer;
  if (std::string(kind) == "Unet") {
    convolutions = std::make_shared<nn::Unet>(placed, unet_options());
    forward = [&](const at::Tensor& rows) {
      return convolutions->forward(rows, t.narrow(0, 0, rows.size(0)), nn::DropoutSites(kPlain, {}));
    };
  } else {
    transformer = std::make_shared<nn::Uvit>(placed, tokens);
    forward = [&](const at::Tensor& rows) { return transformer->forward(rows, t.narrow(0, 0, rows.size(0)), {}); };
  }
  const at::Tensor whole = forward(x);
  EXPECT_TRUE(at::equal(at::cat({forward(x.narrow(0, 0, 4)), forward(x.narrow(0, 4, 4))}), whole));
  EXPECT_TRUE(at::equal(forward(x.flip(0)).flip(0), whole));
}

INSTANTIATE_TEST_SUITE_P(Networks, Rows,
                         testing::Combine(testing::Values("Unet", "Uvit"), testing::Values(at::kFloat, at::kBFloat16)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param)) + c10::toString(std::get<1>(info.param));
                         });

}  // namespace
}  // namespace alea
