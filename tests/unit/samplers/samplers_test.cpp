#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "models/parametrisation.h"
#include "samplers/level_grid.h"
#include "samplers/timesteps.h"
#include "tests/unit/samplers/solve.h"

namespace alea {
namespace {

using test::code_of;
using test::sampler;
using test::schedule_of;
using test::solve;

const Json kLinear = {{"kind", "linear"}};
const Json kFlow = {{"kind", "flow"}};

const Json& peers() {
  static const Json json = read_json_file(ALEA_SOURCE_DIR "/tests/fixtures/samplers.json");
  return json;
}

at::Tensor row(const Json& values, at::ScalarType type = at::kFloat) {
  return at::tensor(values.get<std::vector<double>>(), at::kDouble).to(type).reshape({1, 1, 1, -1});
}

at::Tensor weights(at::ScalarType type) {
  static const at::Tensor out = at::tensor(
      [] {
        std::vector<double> flat;
        for (const Json& line : peers()["W"])
          for (const double w : line) flat.push_back(w);
        return flat;
      }(),
      at::kDouble);
  return out.to(type).reshape({4, 4});
}

at::Tensor toy(const Query& query, double slope = 0.001) {
  return at::tanh(at::matmul(query.x, weights(query.x.scalar_type())) + slope * query.t.value);
}

/// The peer's network: noise, or velocity on a flow; where the peer learned its variance, the fraction.
Prediction toy_prediction(const Query& query, double slope, const NoiseSchedule& schedule) {
  const at::Tensor out = toy(query, slope), fraction = at::sigmoid(query.x);
  if (!schedule.is_flow()) return {.eps = out, .variance_fraction = fraction};
  const NoiseLevel level = schedule.level(query.t);
  return {.eps = eps_from_flow(query.x, out, level), .x0 = x0_from_flow(query.x, out, level)};
}

TEST(Samplers, TrajectoriesEqualThoseOfTheirPeers) {
  for (const Json& run : peers()["runs"]) {
    const NoiseSchedule schedule = schedule_of(run["schedule"]);
    const double slope = run["slope"];
    const auto factory = sampler(run["sampler"], schedule, peers()["seed"]);
    ASSERT_EQ(run["times"].size(), static_cast<std::size_t>(factory->nfe())) << run["sampler"];
    const auto expect_near_peer = [&](std::size_t i, const at::Tensor& x) {
      const at::Tensor expected = row(run["trajectory"][i]);
      const double largest = std::max(1.0, expected.abs().max().item<double>());
      EXPECT_LE((x - expected).abs().max().item<double>(), 1e-5 * largest) << run["sampler"] << run["schedule"] << " step " << i;
    };
    const auto predict = [&](const Query& query) { return toy_prediction(query, slope, schedule); };
    const at::Tensor sample = solve(*factory, row(peers()["x_T"]), predict, [&](const Query& query, const StepView& view) {
      const std::size_t i = view.index.value;
      expect_near_peer(i, query.x);
      EXPECT_NEAR(query.t.value, run["times"][i], slope == 0 ? 0.2 : 1e-3) << run["sampler"] << " step " << i;
    });
    expect_near_peer(run["times"].size(), sample);
  }
}

/// The exact denoiser of data N(0, std^2) at any level, and how much wider the flow makes x from level s to t.
Prediction gaussian(const Query& query, const NoiseSchedule& schedule, double std) {
  const auto [alpha, sigma] = schedule.level(query.t);
  const double v = alpha * alpha * std * std + sigma * sigma;
  return {.eps = query.x * (sigma / v), .x0 = query.x * (alpha * std * std / v)};
}

double gaussian_growth(const NoiseLevel& s, const NoiseLevel& t, double std) {
  return std::hypot(t.alpha * std, t.sigma) / std::hypot(s.alpha * std, s.sigma);
}

/// Relative error where the sampler arrives: at its sample where noise is left in it, else at its last evaluation, since the
/// step to sigma = 0 is of first order on purpose.
double gaussian_error(const Json& options, const NoiseSchedule& schedule) {
  const double std = 0.5;
  const at::Tensor x_T = row({1.0}, at::kDouble);
  const auto factory = sampler(options, schedule);
  std::optional<NoiseLevel> first;
  NoiseLevel last;
  at::Tensor x;
  const auto predict = [&](const Query& query) { return gaussian(query, schedule, std); };
  const at::Tensor sample = solve(*factory, x_T, predict, [&](const Query& query, const StepView& view) {
    if (!first) first = view.level;
    last = view.level;
    x = query.x;
  });
  const NoiseLevel end = factory->final_level();
  const double found = (end.sigma > 0 ? sample : x).item<double>();
  return std::abs(found / gaussian_growth(*first, end.sigma > 0 ? end : last, std) - 1);
}

void expect_order(double order, Json options, const std::vector<int>& steps, const Json& schedule_options = kLinear) {
  const NoiseSchedule schedule = schedule_of(schedule_options);
  std::vector<double> errors;
  for (const int n : steps) {
    options["steps"] = n;
    errors.push_back(gaussian_error(options, schedule));
  }
  for (std::size_t i = 1; i < steps.size(); ++i) {
    const double found = std::log(errors[i - 1] / errors[i]) / std::log(static_cast<double>(steps[i]) / steps[i - 1]);
    EXPECT_NEAR(found, order, 0.15) << options << schedule_options << errors[i];
  }
}

TEST(Samplers, ConvergeAtTheirOrder) {
  const Json by_lambda = {{"spacing", "logsnr"}, {"round_times", false}, {"final_sigma", "sigma_min"}};
  const auto with = [&](const char* kind, Json more, bool is_dpm = true) {
    if (is_dpm) more.update(by_lambda);
    more["kind"] = kind;
    return more;
  };
  expect_order(1, with("ddim", {{"clip", false}, {"final_alpha", "first"}, {"spacing", "trailing"}}, false), {250, 500, 1000});
  expect_order(1, with("flow_euler", Json::object(), false), {100, 200, 400});
  expect_order(1, with("flow_euler", {{"shift", 3}}, false), {100, 200, 400}, kFlow);
  for (const char* rule : {"midpoint", "heun"}) {
    expect_order(2, with("dpmpp_2m", {{"solver", rule}, {"lower_order_final", false}}), {100, 200, 400});
    expect_order(2, with("dpmpp_2s", {{"solver", rule}, {"lower_order_final", false}}), {100, 200, 400});
  }
  expect_order(2, with("dpm_solver_2", {{"spacing", "logsnr"}}, false), {100, 200, 400});
  expect_order(2, with("heun", {{"sigma_max", 10}, {"sigma_min", 0.1}}, false), {50, 100, 200});
  expect_order(3, with("uvit_fast", {{"spacing", "logsnr"}}, false), {251, 500, 998});
}

TEST(Samplers, AnyParametrisationOfOneNetworkGivesOneTrajectory) {
  const at::Tensor x_T = row(peers()["x_T"], at::kDouble);
  const NoiseSchedule circle = schedule_of(kLinear), line = schedule_of(kFlow);
  using Network = std::function<Prediction(const Query&, const NoiseLevel&)>;
  const Network eps = [](const Query& q, const NoiseLevel&) { return Prediction{.eps = toy(q)}; };
  const Network x0 = [](const Query& q, const NoiseLevel& level) {
    const at::Tensor image = predict_x0(q.x, toy(q), level);
    return Prediction{.eps = eps_from_x0(q.x, image, level), .x0 = image};
  };
  const Network v = [](const Query& q, const NoiseLevel& level) {
    const at::Tensor velocity = toy(q) * level.alpha - predict_x0(q.x, toy(q), level) * level.sigma;
    return Prediction{.eps = eps_from_v(q.x, velocity, level), .x0 = x0_from_v(q.x, velocity, level)};
  };
  const Network flow = [](const Query& q, const NoiseLevel& level) {
    const at::Tensor velocity = toy(q) - predict_x0(q.x, toy(q), level);
    return Prediction{.eps = eps_from_flow(q.x, velocity, level), .x0 = x0_from_flow(q.x, velocity, level)};
  };
  const auto expect_equal = [&](const Json& options, const NoiseSchedule& schedule, const Network& network) {
    const auto run = [&](const Network& net) {
      const auto predict = [&](const Query& q) { return net(q, schedule.level(q.t)); };
      return solve(*sampler(options, schedule, 3), x_T, predict, [](const Query&, const StepView&) {});
    };
    EXPECT_LT((run(network) / run(eps) - 1).abs().max().item<double>(), 1e-9) << options;
  };
  for (const std::string& kind : sampler_registry().names()) {
    const Json options = {{"kind", kind}, {"steps", 12}};
    expect_equal(options, circle, x0);
    expect_equal(options, circle, v);
  }
  for (const char* kind : {"dpmpp_2m", "dpmpp_2s", "dpm_solver_2", "uvit_fast", "heun"})
    expect_equal({{"kind", kind}, {"steps", 12}}, line, flow);
  expect_equal({{"kind", "ddim"}, {"steps", 12}, {"spacing", "trailing"}}, line, flow);
}

TEST(Samplers, SayHowManyEvaluationsTheyMake) {
  const NoiseSchedule schedule = schedule_of(kLinear);
  const std::map<std::string, int> cost{{"ddim", 12},     {"ddpm", 12},         {"dpmpp_2m", 12},
                                        {"dpmpp_2s", 12}, {"dpm_solver_2", 12}, {"uvit_fast", 12},
                                        {"plms", 13},     {"heun", 23},         {"flow_euler", 12}};
  for (const std::string& kind : sampler_registry().names()) {
    const auto factory = sampler({{"kind", kind}, {"steps", 12}}, schedule);
    int count = 0;
    solve(
        *factory, row({1.0, 2.0}), [](const Query& q) { return Prediction{.eps = q.x}; },
        [&](const Query& q, const StepView& view) {
          EXPECT_EQ(view.index.value, count++);
          EXPECT_EQ(view.n_steps, factory->n_steps());
          EXPECT_LE(std::abs(half_log_snr(view.level) - half_log_snr(schedule.level(q.t))), 0.2) << kind;
        });
    EXPECT_EQ(count, cost.at(kind)) << kind;
    EXPECT_EQ(factory->nfe(), count) << kind;
    EXPECT_EQ(factory->is_deterministic(), kind != "ddpm");
  }
  EXPECT_EQ(sampler({{"kind", "heun"}, {"sigma_max", 1e5}}, schedule)->nfe(), 35);
  EXPECT_EQ(sampler({{"kind", "plms"}, {"steps", 1}}, schedule)->nfe(), 1);
  EXPECT_EQ(sampler({{"kind", "heun"}, {"steps", 1}}, schedule)->nfe(), 1);
}

TEST(Samplers, RespaceAsGuidedDiffusion) {
  const auto values = [](const char* spacing, int n) {
    std::vector<double> out;
    for (const TrainTime t : spaced_times(spacing, n, 1000, 0)) out.insert(out.begin(), t.value);
    return out;
  };
  const auto ddim_30 = values("ddim", 30), section_50 = values("section", 50);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(ddim_30[i], 34 * i);
  EXPECT_EQ(values("ddim", 50), values("leading", 50));
  EXPECT_EQ(std::vector(section_50.begin(), section_50.begin() + 5), (std::vector<double>{0, 20, 41, 61, 82}));
  EXPECT_EQ(std::vector(section_50.end() - 2, section_50.end()), (std::vector<double>{979, 999}));
  EXPECT_EQ(values("section", 3), (std::vector<double>{0, 500, 999}));  // 499.5 goes to the even neighbour
  EXPECT_EQ(values("section", 1), (std::vector<double>{0}));
  EXPECT_EQ(code_of([&] { values("ddim", 400); }), ErrorCode::config);
}

TEST(Samplers, StableDiffusion3sLevels) {
  const NoiseSchedule schedule = schedule_of({{"kind", "flow"}, {"shift", 3}});
  std::vector<double> sigmas;
  const auto predict = [](const Query& q) { return Prediction{.eps = q.x, .x0 = q.x}; };
  solve(*sampler({{"kind", "flow_euler"}}, schedule), row({1.0}), predict,
        [&](const Query& q, const StepView& view) { sigmas.push_back(view.level.sigma); });
  ASSERT_EQ(sigmas.size(), 28u);
  EXPECT_EQ(sigmas[0], 1);
  EXPECT_NEAR(sigmas[1], 0.98738, 1e-5);
  EXPECT_NEAR(sigmas[26], 0.11091, 1e-5);
  EXPECT_NEAR(sigmas[27], 0.0089286, 1e-7);
}

TEST(Samplers, ConfigNamesWhatCannotBe) {
  const NoiseSchedule schedule = schedule_of(kLinear);
  for (const Json& wrong : std::vector<Json>{{{"kind", "dpmpp_2m"}, {"steps", 1000}},
                                             {{"kind", "dpmpp_2m"}, {"steps_offset", 1}},
                                             {{"kind", "dpmpp_2m"}, {"spacing", "leading"}, {"steps_offset", 500}},
                                             {{"kind", "dpmpp_2m"}, {"spacing", "trailing"}, {"lambda_min_clipped", 0}},
                                             {{"kind", "dpmpp_2s"}, {"steps", 21}, {"lower_order_final", false}},
                                             {{"kind", "dpmpp_2s"}, {"lower_order_final", false}},
                                             {{"kind", "dpm_solver_2"}, {"steps", 21}},
                                             {{"kind", "heun"}, {"sigma_max", 0.1}, {"sigma_min", 0.2}},
                                             {{"kind", "plms"}, {"steps_offset", 20}}})
    EXPECT_EQ(code_of([&] { sampler(wrong, schedule); }), ErrorCode::config) << wrong;
  const auto learned = sampler({{"kind", "ddpm"}, {"steps", 2}, {"variance", "learned"}}, schedule)->start(row({1.0}), {0});
  EXPECT_EQ(code_of([&] { learned->feed({row({1.0})}); }), ErrorCode::config);
  const auto from_noise_alone = sampler({{"kind", "flow_euler"}}, schedule_of(kFlow))->start(row({1.0}), {0});
  EXPECT_EQ(code_of([&] { from_noise_alone->feed({row({1.0})}); }), ErrorCode::domain);
}

}  // namespace
}  // namespace alea
