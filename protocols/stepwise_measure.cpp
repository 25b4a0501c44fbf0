#include "protocols/stepwise_measure.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "metrics/distribution.h"
#include "protocols/array_names.h"
#include "protocols/stored_arrays.h"

namespace alea {
namespace {

constexpr int kRowsEvery = 10;

std::vector<StepScores> with_windows(const Components& components) {
  std::vector<StepScores> out;
  for (const EstimatorInfo& info : components.estimator_infos)
    for (const std::string& statistic : info.statistics)
      if (!info.window.empty()) out.push_back({statistic, info.window, {}});
  return out;
}

Array step_array(const Store& store, const StepScores& scores) {
  const std::string name = array_names::scores(scores.statistic);
  Array array = store.gather(array_names::kBlocks, name);
  expect_array(array, DType::f64, 2, store.n_samples(), name);
  if (array.shape[1] != scores.window.size())
    fail(ErrorCode::shape, "{}: expected {} columns, one a step of the window, found {}", name, scores.window.size(),
         array.shape[1]);
  return array;
}

bool is_shown(const std::vector<int>& window, std::size_t column) {
  return column == 0 || column + 1 == window.size() || window[column] % kRowsEvery == 0;
}

std::size_t place_of_largest(const std::vector<double>& values) {
  return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

MetricRow step_row(const std::string& what, const StepScores& scores, const StepCurves& curves, const SolverOutline& outline,
                   std::size_t column, std::uint64_t n) {
  const int index = scores.window[column];
  MetricRow row = metric_row(fmt::format("{}.{}.step{}", what, scores.statistic, index), Direction::none, "1 an element", n);
  row.value = curves.mean[column];
  row.leave_one_out = curves.leave_one_out[column];
  row.interval = jackknife_interval(*row.value, row.leave_one_out);
  const SolverStep& step = outline.steps.at(static_cast<std::size_t>(index));
  row.details = {{"group", what}, {"solver_index", index}, {"time", step.time}, {"sigma", step.sigma}, {"sd", curves.sd[column]}};
  for (std::size_t q = 0; q < kStepQuantiles.size(); ++q)
    row.details[fmt::format("p{:02.0f}", 100 * kStepQuantiles[q])] = curves.percentiles[q][column];
  return row;
}

/// An index has no standard error; how far it moves when a group of images is left out says what there is to say.
MetricRow peak_row(const std::string& what, const StepScores& scores, const StepCurves& curves, std::uint64_t n) {
  MetricRow row = metric_row(fmt::format("{}.{}.peak", what, scores.statistic), Direction::none, "solver index", n);
  const std::size_t place = place_of_largest(curves.mean);
  row.value = scores.window[place];
  int first = scores.window[place], last = first;
  for (std::size_t g = 0; g < curves.leave_one_out.front().size(); ++g) {
    std::vector<double> means;
    for (const auto& without : curves.leave_one_out) means.push_back(without[g]);
    const int index = scores.window[place_of_largest(means)];
    first = std::min(first, index);
    last = std::max(last, index);
  }
  row.details = {{"group", what},
                 {"largest_mean", curves.mean[place]},
                 {"first_without_a_group", first},
                 {"last_without_a_group", last},
                 {"note", fmt::format("of the largest mean; {} to {} with a group left out", first, last)}};
  return row;
}

}  // namespace

StepwiseInput read_stepwise_input(const Store& store, const Components& components, const SolverOutline& outline) {
  const std::uint64_t n = store.n_samples();
  const Array finite = store.gather(array_names::kBlocks, array_names::kFinite);
  expect_array(finite, DType::u8, 1, n, array_names::kFinite);
  std::vector<std::uint8_t> usable(finite.as<std::uint8_t>().begin(), finite.as<std::uint8_t>().end());
  StepwiseInput out{.ids = {}, .non_finite = 0, .statistics = with_windows(components)};
  std::vector<Array> arrays;
  for (const StepScores& scores : out.statistics) {
    arrays.push_back(step_array(store, scores));
    const std::size_t width = scores.window.size();
    for (std::uint64_t i = 0; i < n; ++i)
      for (const double value : arrays.back().as<double>().subspan(i * width, width))
        if (!std::isfinite(value)) usable[i] = 0;
  }
  for (std::uint64_t i = 0; i < n; ++i)
    if (usable[i] != 0) out.ids.push_back(i);
  out.non_finite = n - out.ids.size();
  for (std::size_t s = 0; s < arrays.size(); ++s) {
    StepScores& scores = out.statistics[s];
    const std::size_t width = scores.window.size();
    scores.columns.assign(width, {});
    for (const std::uint64_t i : out.ids)
      for (std::size_t column = 0; column < width; ++column)
        scores.columns[column].push_back(arrays[s].as<double>()[i * width + column] / static_cast<double>(outline.elements));
  }
  return out;
}

StepCurves step_curves(const StepScores& scores, const std::vector<std::uint64_t>& ids) {
  StepCurves out;
  for (const std::vector<double>& column : scores.columns) {
    std::vector<double> leave_one_out;
    const Interval interval = mean_with_jackknife(column, ids, leave_one_out, scores.statistic.c_str());
    const Distribution spread = distribution_of(column, kStepQuantiles);
    out.mean.push_back(interval.value);
    out.standard_error.push_back(interval.standard_error);
    out.sd.push_back(spread.sd);
    for (std::size_t q = 0; q < kStepQuantiles.size(); ++q) out.percentiles[q].push_back(spread.quantiles[q]);
    out.leave_one_out.push_back(std::move(leave_one_out));
  }
  return out;
}

StepCurves divided(StepCurves curves, const std::vector<double>& by) {
  const auto divide = [&by](std::vector<double>& values) {
    for (std::size_t column = 0; column < values.size(); ++column) values[column] /= by.at(column);
  };
  for (auto* values : {&curves.mean, &curves.standard_error, &curves.sd}) divide(*values);
  for (auto& values : curves.percentiles) divide(values);
  for (std::size_t column = 0; column < curves.leave_one_out.size(); ++column)
    for (double& value : curves.leave_one_out[column]) value /= by.at(column);
  return curves;
}

std::vector<double> noise_variances(const std::vector<int>& window, const SolverOutline& outline) {
  std::vector<double> out;
  for (const int index : window) {
    const double sigma = outline.steps.at(static_cast<std::size_t>(index)).sigma;
    out.push_back(sigma * sigma);
  }
  return out;
}

std::vector<MetricRow> step_rows(const std::string& what, const StepScores& scores, const StepCurves& curves,
                                 const SolverOutline& outline, std::uint64_t n) {
  std::vector<MetricRow> rows;
  for (std::size_t column = 0; column < scores.window.size(); ++column)
    if (is_shown(scores.window, column)) rows.push_back(step_row(what, scores, curves, outline, column, n));
  rows.push_back(peak_row(what, scores, curves, n));
  return rows;
}

void add_step_curves(const std::string& what, const StepScores& scores, const StepCurves& curves, const SolverOutline& outline,
                     ArrayMap& out) {
  const auto add = [&](const std::string& name, const std::vector<double>& values) {
    out[fmt::format("{}/{}/{}", what, scores.statistic, name)] = make_array<double>(values, {values.size()});
  };
  std::vector<double> times, sigmas;
  std::vector<std::int64_t> indices;
  for (const int index : scores.window) {
    const SolverStep& step = outline.steps.at(static_cast<std::size_t>(index));
    indices.push_back(index);
    times.push_back(step.time);
    sigmas.push_back(step.sigma);
  }
  out[fmt::format("{}/{}/index", what, scores.statistic)] = make_array<std::int64_t>(indices, {indices.size()});
  add("time", times);
  add("sigma", sigmas);
  add("mean", curves.mean);
  add("standard_error", curves.standard_error);
  add("sd", curves.sd);
  for (std::size_t q = 0; q < kStepQuantiles.size(); ++q)
    add(fmt::format("p{:02.0f}", 100 * kStepQuantiles[q]), curves.percentiles[q]);
}

}  // namespace alea
