#include "samplers/level_grid.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "samplers/timesteps.h"

namespace alea {
namespace {

/// How many of the integer times 0..T-1 are left once those with lambda below the bound are cut off.
int count_unclipped(const NoiseSchedule& schedule, std::optional<double> lambda_min) {
  int count = schedule.train_steps();
  if (!lambda_min) return count;
  while (count > 1 && half_log_snr(schedule.level({count - 1.0})) < *lambda_min) --count;
  return count;
}

double dpm_time(const DpmGridOptions& o, int i, int unclipped, int train_steps) {
  if (o.spacing == "linspace") return std::nearbyint((o.steps - i) * ((unclipped - 1.0) / o.steps));
  if (o.spacing == "leading") return (o.steps - i) * (unclipped / (o.steps + 1)) + o.steps_offset;
  return std::nearbyint(unclipped - i * (static_cast<double>(train_steps) / o.steps)) - 1;
}

Evaluations grid_by_time(const DpmGridOptions& o, const NoiseSchedule& schedule) {
  const int train_steps = schedule.train_steps(), unclipped = count_unclipped(schedule, o.lambda_min_clipped);
  if (o.spacing == "trailing" && unclipped != train_steps)
    fail(ErrorCode::config, "trailing spacing has fewer than {} steps when lambda_min_clipped = {} cuts times off; use linspace",
         o.steps, *o.lambda_min_clipped);
  std::vector<TrainTime> times;
  for (int i = 0; i < o.steps; ++i) times.push_back({dpm_time(o, i, unclipped, train_steps)});
  if (times.front().value > train_steps - 1)
    fail(ErrorCode::config, "steps = {} and steps_offset = {} begin at time {}, past the last time {}; use a smaller offset",
         o.steps, o.steps_offset, times.front().value, train_steps - 1);
  return evaluations_at(times, schedule);
}

/// The places and, where the way ends at the cleanest level, that level as one more, which is then left out.
std::vector<double> grid_lambdas(const DpmGridOptions& o, const NoiseSchedule& schedule) {
  const double first = first_lambda(schedule, o.lambda_min_clipped), last = last_lambda(schedule);
  const int n = o.final_sigma == "zero" ? o.steps : o.steps + 1;
  std::vector<double> lambdas;
  if (o.spacing == "logsnr")
    lambdas = evenly_spaced(first, last, n);
  else
    for (const double sigma : karras_sigmas(std::exp(-first), std::exp(-last), n, 7)) lambdas.push_back(-std::log(sigma));
  lambdas.resize(o.steps);
  return lambdas;
}

void require_descending(const Evaluations& places, const DpmGridOptions& o) {
  for (std::size_t i = 1; i < places.size(); ++i)
    if (!(places[i].level.sigma < places[i - 1].level.sigma))
      fail(ErrorCode::config, "{} steps with {} spacing visit time {} twice; use fewer", o.steps, o.spacing, places[i].t.value);
}

}  // namespace

std::vector<double> evenly_spaced(double first, double last, int n) {
  std::vector<double> out{first};
  for (int i = 1; i < n; ++i) out.push_back(i == n - 1 ? last : first + i * ((last - first) / (n - 1)));
  return out;
}

std::vector<double> karras_sigmas(double high, double low, int n, double rho) {
  auto out = evenly_spaced(std::pow(high, 1 / rho), std::pow(low, 1 / rho), n);
  for (double& sigma : out) sigma = std::pow(sigma, rho);
  return out;
}

Evaluations evaluations_at_lambdas(const std::vector<double>& lambdas, const NoiseSchedule& schedule, bool round_times) {
  Evaluations out;
  for (const double lambda : lambdas) {
    const TrainTime t = schedule.time_of(lambda);
    out.push_back({round_times ? TrainTime{std::nearbyint(t.value)} : t, schedule.level_at(lambda)});
  }
  return out;
}

double first_lambda(const NoiseSchedule& schedule, std::optional<double> lambda_min) {
  const double lambda = half_log_snr(schedule.level({schedule.train_steps() - 1.0}));
  return lambda_min ? std::max(lambda, *lambda_min) : lambda;
}

double last_lambda(const NoiseSchedule& schedule) { return half_log_snr(schedule.level(schedule.first_time())); }

Evaluations continuous_grid(const std::string& spacing, int n, const NoiseSchedule& schedule, std::optional<double> lambda_min) {
  const double first = first_lambda(schedule, lambda_min), last = last_lambda(schedule);
  if (spacing == "logsnr") return evaluations_at_lambdas(evenly_spaced(first, last, n), schedule, false);
  std::vector<TrainTime> times;
  for (const double t : evenly_spaced(schedule.time_of(first).value, schedule.time_of(last).value, n)) times.push_back({t});
  return evaluations_at(times, schedule);
}

Evaluations dpm_grid(const DpmGridOptions& o, const NoiseSchedule& schedule) {
  if (o.steps_offset != 0 && o.spacing != "leading")
    fail(ErrorCode::config, "steps_offset = {} has a meaning for leading spacing only, found \"{}\"", o.steps_offset, o.spacing);
  const bool is_by_lambda = o.spacing == "logsnr" || o.spacing == "karras";
  Evaluations places =
      is_by_lambda ? evaluations_at_lambdas(grid_lambdas(o, schedule), schedule, o.round_times) : grid_by_time(o, schedule);
  require_descending(places, o);
  return places;
}

NoiseLevel dpm_final_level(const DpmGridOptions& options, const NoiseSchedule& schedule) {
  return options.final_sigma == "zero" ? NoiseLevel{} : schedule.level(schedule.first_time());
}

}  // namespace alea
