#include "protocols/sparsification_rows.h"

#include <fmt/format.h>

#include "core/error.h"
#include "metrics/rank_statistics.h"

namespace alea {
namespace {

ErrorKind error_kind(const std::string& name) {
  for (const ErrorKind kind : {ErrorKind::rmse, ErrorKind::mae, ErrorKind::mse})
    if (name == error_kind_name(kind)) return kind;
  fail(ErrorCode::usage, "error \"{}\" is not known; known: rmse, mae, mse", name);
}

Sparsification convention_of(const std::string& name) {
  for (const Sparsification convention : {Sparsification::poggi50, Sparsification::exact, Sparsification::normalised})
    if (name == sparsification_name(convention)) return convention;
  fail(ErrorCode::usage, "convention \"{}\" is not known; known: poggi50, exact, normalised", name);
}

std::string unit_of(ErrorKind kind, Sparsification convention) {
  if (convention == Sparsification::normalised) return "1";
  return kind == ErrorKind::mse ? "squared error" : "error";
}

Json curves_json(const SparsificationCurves& curves) {
  return {{"removed", curves.removed}, {"method", curves.method}, {"oracle", curves.oracle}, {"random", curves.random}};
}

/// The unmasked elements of all images.
struct Pool {
  std::vector<float> errors, uncertainty;
};

Pool pooled(const ErrorMaps& maps) {
  Pool pool;
  for (std::size_t i = 0; i < maps.errors.size(); ++i) {
    if (!maps.mask.empty() && maps.mask[i] == 0) continue;
    pool.errors.push_back(maps.errors[i]);
    pool.uncertainty.push_back(maps.uncertainty[i]);
  }
  const std::size_t zeros = maps.zero_images * (maps.errors.size() / maps.ids.size());
  pool.errors.resize(pool.errors.size() + zeros);
  pool.uncertainty.resize(pool.uncertainty.size() + zeros);
  return pool;
}

void add_pair(const ErrorMaps& maps, const Pool& pool, ErrorKind kind, Sparsification convention, SparsificationRows& out) {
  const std::string suffix = fmt::format("{}.{}", error_kind_name(kind), sparsification_name(convention));
  const auto images = sparsify_images(maps.errors, maps.uncertainty, maps.mask, maps.ids, kind, convention);
  const auto all = sparsify(std::span<const float>(pool.errors), std::span<const float>(pool.uncertainty), kind, convention);
  const std::string unit = unit_of(kind, convention);
  const auto add = [&](const char* name, Direction direction, const Interval& interval, const std::vector<double>& leave_one_out,
                       double over_all) {
    MetricRow row = metric_row(fmt::format("{}.{}", name, suffix), direction, unit, images.image_ids.size());
    row.value = interval.value;
    if (leave_one_out.size() > 1) row.interval = interval;
    row.leave_one_out = leave_one_out;
    row.details["note"] = "mean over images";
    if (images.empty_masks > 0) row.details["empty_masks"] = images.empty_masks;
    out.rows.push_back(row);
    MetricRow pooled_row = metric_row(fmt::format("{}.pooled.{}", name, suffix), direction, unit, images.image_ids.size());
    pooled_row.value = over_all;
    pooled_row.details["note"] = fmt::format("{} elements together: hard images dominate", all.elements);
    out.rows.push_back(pooled_row);
  };
  add("ause", Direction::lower, images.ause, images.ause_leave_one_out, all.ause);
  add("aurg", Direction::higher, images.aurg, images.aurg_leave_one_out, all.aurg);
  out.curves[suffix] = curves_json(images.mean_curves);
}

/// Over the images where neither side is constant.
MetricRow spearman_row(const ErrorMaps& maps) {
  const std::size_t size = maps.errors.size() / maps.ids.size();
  double sum = 0;
  std::uint64_t used = 0;
  for (std::size_t i = 0; i < maps.ids.size(); ++i) {
    std::vector<double> errors, uncertainty;
    for (std::size_t k = i * size; k < (i + 1) * size; ++k) {
      if (!maps.mask.empty() && maps.mask[k] == 0) continue;
      errors.push_back(maps.errors[k]);
      uncertainty.push_back(maps.uncertainty[k]);
    }
    const auto constant = [](const std::vector<double>& v) {
      return std::ranges::all_of(v, [&](double x) { return x == v.front(); });
    };
    if (constant(errors) || constant(uncertainty)) continue;
    sum += spearman(errors, uncertainty);
    ++used;
  }
  MetricRow row = metric_row("spearman", Direction::higher, "1", used);
  if (used == 0)
    row.why_null = "errors or uncertainty are constant in every image";
  else
    row.value = sum / static_cast<double>(used);
  row.details["note"] = "rank correlation of error and uncertainty, mean over images";
  return row;
}

}  // namespace

SparsificationRows sparsification_rows(const ErrorMaps& maps, const SparsificationOptions& options) {
  SparsificationRows out;
  const Pool pool = pooled(maps);
  for (const auto& error : options.errors)
    for (const auto& convention : options.conventions) add_pair(maps, pool, error_kind(error), convention_of(convention), out);
  out.rows.push_back(spearman_row(maps));
  return out;
}

}  // namespace alea
