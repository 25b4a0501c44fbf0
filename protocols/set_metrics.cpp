#include "protocols/set_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "core/ids.h"
#include "metrics/frechet.h"
#include "metrics/inception_score.h"
#include "metrics/kid.h"
#include "metrics/precision_recall.h"
#include "protocols/metric_catalogue.h"
#include "protocols/set_metrics_frechet.h"

namespace alea {
namespace {

struct Inputs {
  const SetMetricsOptions& options;
  const MetricNames& names;
  const SetFeatures& real;
  const SetFeatures& generated;

  std::span<const std::uint64_t> jackknife_ids() const {
    return options.intervals && fills_groups(generated.ids) ? generated.ids : std::span<const std::uint64_t>{};
  }
};

MetricRow null_row(MetricRow row, std::string why) {
  row.why_null = std::move(why);
  return row;
}

/// Beside a tool's mean over subsets or splits: the estimate from all rows at once, which has an interval (as the metric gives
/// it: it may be wider than the jackknife's).
template <class Estimate>
MetricRow all_rows_row(MetricRow row, std::string note, Estimate estimate) {
  const Interval interval = estimate(&row.leave_one_out);
  row.value = interval.value;
  row.interval = interval;
  row.details["note"] = std::move(note);
  return row;
}

constexpr const char* kOnlyStatistics = "needs images on both sides: a statistics file holds no single features";

void add_kid(const Inputs& in, std::vector<MetricRow>& rows) {
  MetricRow row = metric_row(in.names.of("kid"), Direction::lower, "squared maximum mean discrepancy", in.generated.pool.n);
  if (in.real.pool.n == 0 || in.generated.pool.n == 0) {
    if (names_metric(in.options, "kid")) rows.push_back(null_row(row, kOnlyStatistics));
    return;
  }
  const auto& settings = in.options.kid;
  KidOptions options{.subsets = settings.subsets,
                     .subset_size = static_cast<std::uint32_t>(
                         std::min<std::uint64_t>({settings.subset_size, in.real.pool.n, in.generated.pool.n})),
                     .seed = settings.seed,
                     .draw = settings.draw == "philox" ? KidOptions::Draw::philox : KidOptions::Draw::numpy_legacy};
  // torch-fidelity's input1, from which it draws first, is the generated set.
  const KidSubsets subsets = kid(in.generated.pool, in.real.pool, options);
  row.details = {{"n_subsets", subsets.values.size()},
                 {"subset_size", options.subset_size},
                 {"subset_standard_deviation", subsets.standard_deviation},
                 {"real_n", in.real.pool.n}};
  row.details["note"] =
      fmt::format("mean of {} subsets of {}, sd {:.2g}", subsets.values.size(), options.subset_size, subsets.standard_deviation);
  row.value = subsets.mean;
  rows.push_back(row);
  if (in.jackknife_ids().empty()) return;
  rows.push_back(all_rows_row(metric_row(in.names.of("kid.all"), row.direction, row.unit, row.n), "one estimate from all rows",
                              [&](std::vector<double>* leave_one_out) {
                                return kid_interval(in.real.pool, in.generated.pool, in.jackknife_ids(), leave_one_out);
                              }));
}

void add_inception_score(const Inputs& in, std::vector<MetricRow>& rows) {
  const FeatureView& logits = in.generated.logits;
  MetricRow row = metric_row(in.names.of("is"), Direction::higher, "1", logits.n);
  if (logits.n == 0) {
    if (names_metric(in.options, "is"))
      rows.push_back(null_row(row, "needs images on the generated side and a network with classes"));
    return;
  }
  const auto& settings = in.options.inception_score;
  using Options = InceptionScoreOptions;
  const Options options{.splits = static_cast<std::uint32_t>(std::min<std::uint64_t>(settings.splits, logits.n)),
                        .order = settings.order == "in_order" ? Options::Order::in_order : Options::Order::numpy_legacy,
                        .seed = settings.seed,
                        .cut = settings.cut == "fraction" ? Options::Cut::fraction : Options::Cut::chunk,
                        .chunk_size = settings.chunk_size};
  const InceptionScore score = inception_score(logits, options);
  row.details = {{"splits", score.splits},
                 {"standard_deviation", score.standard_deviation},
                 {"note", fmt::format("mean of {} splits, sd {:.2g}", score.splits.size(), score.standard_deviation)}};
  row.value = score.mean;
  rows.push_back(row);
  if (in.jackknife_ids().empty()) return;
  rows.push_back(all_rows_row(
      metric_row(in.names.of("is.all"), row.direction, row.unit, row.n), "one split of all rows",
      [&](std::vector<double>* leave_one_out) { return inception_score_interval(logits, in.jackknife_ids(), leave_one_out); }));
}

/// Whether halves of both sets are large enough for balls of k neighbours: else precision and recall have no interval.
bool halves_hold_neighbours(const Inputs& in, std::uint32_t k) {
  const auto ids = in.jackknife_ids();
  if (ids.empty()) return false;
  const Ids places = consecutive_ids(in.real.manifold.n);
  return std::min(smallest_half(jackknife_group_sizes(places)), smallest_half(jackknife_group_sizes(ids))) > k;
}

void add_manifold(const Inputs& in, std::vector<MetricRow>& rows) {
  const std::uint64_t n = in.generated.manifold.n;
  const auto row = [&](const char* metric) { return metric_row(in.names.of_manifold(metric), Direction::higher, "1", n); };
  constexpr std::array<const char*, 4> kMetrics = {"precision", "recall", "density", "coverage"};
  std::string missing = kOnlyStatistics;
  if (in.real.manifold.n > 0 && n > 0) {
    const auto most = std::min<std::uint64_t>(in.real.manifold.n, n);
    missing = most > in.options.manifold.k
                  ? ""
                  : fmt::format("needs more than k = {} samples a set, found {}", in.options.manifold.k, most);
  }
  if (!missing.empty()) {
    if (names_metric(in.options, "prdc"))
      for (const char* metric : kMetrics) rows.push_back(null_row(row(metric), missing));
    return;
  }
  const ManifoldOptions options{
      .k = in.options.manifold.k,
      .rim = in.options.manifold.rim == "open" ? ManifoldOptions::Rim::open : ManifoldOptions::Rim::closed};
  const auto ids = halves_hold_neighbours(in, options.k) ? in.jackknife_ids() : std::span<const std::uint64_t>{};
  const ManifoldMetrics found = manifold_metrics(in.real.manifold, in.generated.manifold, ids, options);
  const std::array<const ManifoldMetric*, 4> values = {&found.precision, &found.recall, &found.density, &found.coverage};
  for (std::size_t i = 0; i < kMetrics.size(); ++i) {
    MetricRow out = row(kMetrics[i]);
    out.details = {{"k", options.k},
                   {"rim", in.options.manifold.rim},
                   {"real_n", in.real.manifold.n},
                   {"zero_radii", {{"real", found.zero_radii_real}, {"generated", found.zero_radii_generated}}}};
    out.details["note"] = fmt::format("k = {}, {} rim", options.k, in.options.manifold.rim);
    out.value = values[i]->value;
    out.leave_one_out = values[i]->leave_one_out;
    out.half_differences = values[i]->half_differences;
    if (!ids.empty()) out.interval = values[i]->interval();
    rows.push_back(out);
  }
}

}  // namespace

std::string MetricNames::of(const std::string& published) const {
  const SetMetric& metric = set_metric(published);
  return network.empty() ? metric.published : metric.other + "." + network;
}

std::string MetricNames::of_manifold(const std::string& metric) const {
  return set_metric(metric).other + "." + (manifold_network.empty() ? "inception" : manifold_network);
}

std::vector<MetricRow> set_metric_rows(const SetMetricsOptions& options, const MetricNames& names, const SetFeatures& real,
                                       const SetFeatures& generated) {
  const Inputs in{options, names, real, generated};
  std::vector<MetricRow> rows;
  add_frechet_rows(options, names, real, generated, rows);
  if (wants_metric(options, "kid")) add_kid(in, rows);
  if (wants_metric(options, "is")) add_inception_score(in, rows);
  if (wants_metric(options, "prdc")) add_manifold(in, rows);
  return rows;
}

}  // namespace alea
