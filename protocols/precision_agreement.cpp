#include "protocols/precision_agreement.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "core/error.h"
#include "metrics/rank_statistics.h"
#include "metrics/selection.h"

namespace alea {
namespace {

void require_same_images(const PrecisionSamples& a, const PrecisionSamples& b) {
  if (a.finite.size() != b.finite.size() || a.images.size() != b.images.size() || a.elements != b.elements)
    fail(ErrorCode::shape, "precisions: {} images of {} bytes and {} of {}", a.finite.size(), a.elements, b.finite.size(),
         b.elements);
  const auto same_name = [](const StatisticScores& x, const StatisticScores& y) { return x.name == y.name; };
  if (!std::ranges::equal(a.statistics, b.statistics, same_name))
    fail(ErrorCode::shape, "precisions: {} and {} statistics of different names", a.statistics.size(), b.statistics.size());
}

std::vector<std::size_t> rows_in_both(const PrecisionSamples& a, const PrecisionSamples& b, PrecisionAgreement& out) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < a.finite.size(); ++i) {
    out.non_finite += a.finite[i] == 0 ? 1 : 0;
    out.lost += a.finite[i] != 0 && b.finite[i] == 0 ? 1 : 0;
    if (a.finite[i] != 0 && b.finite[i] != 0) rows.push_back(i);
  }
  return rows;
}

void compare_pixels(const PrecisionSamples& a, const PrecisionSamples& b, const std::vector<std::size_t>& rows,
                    PrecisionAgreement& out) {
  std::uint64_t sum = 0;
  for (const std::size_t row : rows)
    for (std::size_t e = row * a.elements; e < (row + 1) * a.elements; ++e) {
      const int difference = std::abs(int{a.images[e]} - int{b.images[e]});
      out.worst_pixel = std::max(out.worst_pixel, difference);
      sum += static_cast<std::uint64_t>(difference);
    }
  out.mean_pixel = static_cast<double>(sum) / static_cast<double>(rows.size() * a.elements);
}

bool is_constant(const std::vector<double>& values) {
  return std::ranges::all_of(values, [&](double value) { return value == values.front(); });
}

double overlap(const std::vector<double>& a, const std::vector<double>& b, std::size_t kept, KeepSide side) {
  const auto x = keep_by_score(a, kept, side), y = keep_by_score(b, kept, side);
  std::vector<std::uint32_t> common;
  std::ranges::set_intersection(x, y, std::back_inserter(common));
  return static_cast<double>(common.size()) / static_cast<double>(kept);
}

StatisticAgreement compare_scores(const StatisticScores& a, const StatisticScores& b, const std::vector<std::size_t>& rows,
                                  std::size_t kept) {
  std::vector<double> x, y;
  for (const std::size_t row : rows) {
    x.push_back(a.scores.at(row));
    y.push_back(b.scores.at(row));
  }
  StatisticAgreement out{a.name, std::nullopt, overlap(x, y, kept, KeepSide::lowest), overlap(x, y, kept, KeepSide::highest)};
  if (!is_constant(x) && !is_constant(y)) out.spearman = spearman(x, y);
  return out;
}

}  // namespace

PrecisionAgreement measure_agreement(const PrecisionSamples& float32, const PrecisionSamples& below, std::uint64_t keep,
                                     std::uint64_t generate) {
  require_same_images(float32, below);
  PrecisionAgreement out;
  const auto rows = rows_in_both(float32, below, out);
  if (rows.size() < 2)
    fail(ErrorCode::domain, "precisions: {} of {} images are finite in both, expected at least 2 to compare", rows.size(),
         float32.finite.size());
  out.n = rows.size();
  out.kept = std::max<std::uint64_t>(1, (2 * keep * out.n + generate) / (2 * generate));
  compare_pixels(float32, below, rows, out);
  for (std::size_t s = 0; s < float32.statistics.size(); ++s)
    out.statistics.push_back(compare_scores(float32.statistics[s], below.statistics[s], rows, out.kept));
  return out;
}

}  // namespace alea
