#include "metrics/rank_statistics.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "core/error.h"

namespace alea {
namespace {

void check_finite(std::span<const double> values, const char* what) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) fail(ErrorCode::domain, "{}: number {} is {}, expected a finite one", what, i, values[i]);
}

std::vector<std::uint32_t> ascending(std::span<const double> values) {
  std::vector<std::uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return values[a] != values[b] ? values[a] < values[b] : a < b; });
  return order;
}

std::uint64_t check_events(std::span<const double> score, std::span<const unsigned char> event, const char* what) {
  if (score.size() != event.size()) fail(ErrorCode::shape, "{}: {} scores for {} events", what, score.size(), event.size());
  check_finite(score, what);
  const auto positives = static_cast<std::uint64_t>(std::ranges::count_if(event, [](unsigned char e) { return e != 0; }));
  if (positives == 0 || positives == event.size())
    fail(ErrorCode::domain, "{}: {} of {} are events, expected some and not all", what, positives, event.size());
  return positives;
}

}  // namespace

std::vector<double> average_ranks(std::span<const double> values) {
  check_finite(values, "ranks");
  const auto order = ascending(values);
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first;
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    const double rank = (static_cast<double>(first + 1) + static_cast<double>(end)) / 2;
    for (; first < end; ++first) ranks[order[first]] = rank;
  }
  return ranks;
}

double spearman(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size()) fail(ErrorCode::shape, "spearman: {} and {} numbers", a.size(), b.size());
  const auto x = average_ranks(a), y = average_ranks(b);
  const double mean = (static_cast<double>(a.size()) + 1) / 2;  // of any ranking
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
  }
  if (xx == 0 || yy == 0) fail(ErrorCode::domain, "spearman: a constant has no ranks to correlate");
  return xy / std::sqrt(xx * yy);
}

double auroc(std::span<const double> score, std::span<const unsigned char> event) {
  const auto positives = static_cast<double>(check_events(score, event, "AUROC"));
  const auto ranks = average_ranks(score);
  double sum = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i)
    if (event[i] != 0) sum += ranks[i];
  return (sum - positives * (positives + 1) / 2) / (positives * (static_cast<double>(score.size()) - positives));
}

double aupr(std::span<const double> score, std::span<const unsigned char> event) {
  const auto positives = static_cast<double>(check_events(score, event, "AUPR"));
  const auto order = ascending(score);
  double area = 0, found = 0, taken = 0;
  for (std::size_t end = order.size(); end > 0;) {
    const double threshold = score[order[end - 1]], before = found;
    for (; end > 0 && score[order[end - 1]] == threshold; --end) {
      found += event[order[end - 1]] != 0 ? 1 : 0;
      ++taken;
    }
    area += (found - before) / positives * found / taken;
  }
  return area;
}

}  // namespace alea
