#include "protocols/set_metrics_frechet.h"

#include <algorithm>

#include "core/error.h"
#include "metrics/frechet.h"
#include "metrics/frechet_bias.h"
#include "metrics/frechet_small.h"
#include "metrics/selection.h"

namespace alea {
namespace {

/// One kind of features of one set: its rows, or only its Gaussian.
struct Side {
  FeatureView rows;
  const std::optional<Gaussian>& gaussian;
  bool there() const { return rows.n > 0 || gaussian.has_value(); }
  std::size_t width() const { return rows.n > 0 ? rows.d : gaussian->mean.size(); }
  std::uint64_t n() const { return rows.n > 0 ? rows.n : gaussian->n; }
  Gaussian fit() const { return rows.n > 0 ? fit_gaussian(rows) : *gaussian; }
};

struct Task {
  const SetMetricsOptions& options;
  const MetricNames& names;
  std::string metric;  ///< fid or sfid
  Side real, generated;
  std::span<const std::uint64_t> ids;
};

MetricRow frechet_row(const Task& task, const std::string& beside = "") {
  MetricRow row;
  row.name = task.names.of(task.metric + beside);
  row.unit = "squared feature distance";
  return row;
}

std::string small_sample_note(std::uint64_t n, std::size_t width) {
  if (n == 0 || n > width) return "";
  return fmt::format("n = {} < {} + 1: the covariance has rank {}, and the value is mostly bias", n, width, n - 1);
}

/// Bias that both samples' sizes bring: c/n each, the real side only where its n is known.
std::optional<double> expected_bias(const Task& task, const Gaussian& generated) {
  if (task.generated.n() == 0) return std::nullopt;
  const double c = frechet_bias_coefficient(generated.covariance, task.generated.width());
  const double real = task.real.n() == 0 ? 0 : c / static_cast<double>(task.real.n());
  return c / static_cast<double>(task.generated.n()) + real;
}

double distance_of(const Task& task, const FrechetReference& reference, const Gaussian& generated) {
  const auto fewest = std::min(task.real.rows.n, task.generated.rows.n);
  if (fewest > 0 && fewest <= task.real.width()) return frechet_distance_from_rows(task.real.rows, task.generated.rows);
  return reference.distance(generated);
}

std::vector<double> leave_one_out_of(const Task& task, const FrechetReference& reference) {
  if (!task.options.intervals || task.generated.rows.n == 0 || !fills_groups(task.ids)) return {};
  const FilteringAnalysis analysis(task.generated.rows, task.ids, reference);
  const std::vector<double> no_order(task.generated.rows.n, 0.0);
  return analysis.kept(no_order, task.generated.rows.n, KeepSide::lowest).leave_one_out;
}

void add_distance(const Task& task, const FrechetReference& reference, std::vector<MetricRow>& rows) {
  const Gaussian generated = task.generated.fit();
  MetricRow row = frechet_row(task);
  row.n = task.generated.n();
  row.details["real_n"] = task.real.n() == 0 ? Json() : Json(task.real.n());
  if (const auto note = small_sample_note(row.n, task.generated.width()); !note.empty()) row.details["note"] = note;
  row.value = distance_of(task, reference, generated);
  row.leave_one_out = leave_one_out_of(task, reference);
  if (!row.leave_one_out.empty()) row.interval = jackknife_interval(*row.value, row.leave_one_out);
  rows.push_back(row);

  const auto bias = expected_bias(task, generated);
  if (!bias) return;
  MetricRow line = frechet_row(task, ".bias");
  line.direction = Direction::none;
  line.n = row.n;
  line.value = bias;
  line.details["note"] = "expected at these sizes if both sets had one law (Gaussian approximation)";
  rows.push_back(line);
}

void add_infinity(const Task& task, const FrechetReference& reference, std::vector<MetricRow>& rows) {
  MetricRow row = frechet_row(task, ".infinity");
  row.n = task.generated.n();
  const std::uint64_t enough = 2 * task.generated.width();
  if (task.generated.rows.n < enough) {
    row.why_null = fmt::format("needs at least {} generated images, found {}", enough, task.generated.rows.n);
  } else {
    const FrechetInfinity found = frechet_infinity(task.generated.rows, reference, task.options.kid.seed);
    row.value = found.intercept;
    row.details = {
        {"slope", found.slope}, {"sizes", found.sizes}, {"distances", found.distances}, {"note", "intercept at 1/N = 0"}};
  }
  rows.push_back(row);
}

void add_task(const Task& task, std::vector<MetricRow>& rows) {
  const bool distance = wants_metric(task.options, task.metric);
  const bool infinity = task.metric == "fid" && names_metric(task.options, "fid_inf");
  if (!distance && !infinity) return;
  if (!task.real.there() || !task.generated.there()) {
    if (task.options.metrics.empty()) return;
    MetricRow row = frechet_row(task);
    row.why_null = "needs these features on both sides: a statistics file without them, or a network that has none";
    rows.push_back(row);
    return;
  }
  if (task.real.width() != task.generated.width())
    fail(ErrorCode::shape, "{}: the real side's features have width {}, the generated side's {}", task.names.of(task.metric),
         task.real.width(), task.generated.width());
  const FrechetReference reference(task.real.fit());
  if (distance) add_distance(task, reference, rows);
  if (infinity) add_infinity(task, reference, rows);
}

}  // namespace

bool fills_groups(std::span<const std::uint64_t> ids) {
  return std::ranges::all_of(jackknife_group_sizes(ids), [&](std::size_t size) { return size > 0 && ids.size() >= size + 2; });
}

void add_frechet_rows(const SetMetricsOptions& options, const MetricNames& names, const SetFeatures& real,
                      const SetFeatures& generated, std::vector<MetricRow>& rows) {
  add_task({options, names, "fid", {real.pool, real.pool_gaussian}, {generated.pool, generated.pool_gaussian}, generated.ids},
           rows);
  add_task({options,
            names,
            "sfid",
            {real.spatial, real.spatial_gaussian},
            {generated.spatial, generated.spatial_gaussian},
            generated.ids},
           rows);
}

}  // namespace alea
