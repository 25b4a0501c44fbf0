#include "metrics/inception_score.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "metrics/mean_deviation.h"
#include "metrics/neighbours.h"
#include "metrics/numpy_random.h"

namespace alea {
namespace {

/// p log p with its limit 0 at 0.
double p_log_p(double p) { return p > 0 ? p * std::log(p) : 0; }

/// Sums over samples from which exp E KL(p || mean p) follows: E KL = E sum p log p - sum q log q, q = mean p.
struct PredictionSums {
  explicit PredictionSums(std::size_t classes) : probability(classes, 0.0) {}
  double n = 0, negative_entropy = 0;
  std::vector<double> probability;

  void add(std::span<const float> logits, std::vector<double>& log_p);
  PredictionSums& operator+=(const PredictionSums& other);
  double score() const;
};

/// log softmax in double.
void log_softmax(std::span<const float> logits, std::vector<double>& log_p) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - largest);
  const double log_sum = std::log(sum) + largest;
  std::transform(logits.begin(), logits.end(), log_p.begin(), [&](float logit) { return logit - log_sum; });
}

void PredictionSums::add(std::span<const float> logits, std::vector<double>& log_p) {
  log_softmax(logits, log_p);
  for (std::size_t c = 0; c < log_p.size(); ++c) {
    const double p = std::exp(log_p[c]);
    probability[c] += p;
    negative_entropy += p * log_p[c];
  }
  ++n;
}

PredictionSums& PredictionSums::operator+=(const PredictionSums& other) {
  n += other.n;
  negative_entropy += other.negative_entropy;
  for (std::size_t c = 0; c < probability.size(); ++c) probability[c] += other.probability[c];
  return *this;
}

double PredictionSums::score() const {
  double marginal = 0;
  for (const double sum : probability) marginal += p_log_p(sum / n);
  return std::exp(negative_entropy / n - marginal);
}

PredictionSums sums_of(const FeatureView& logits, std::span<const std::uint32_t> rows) {
  PredictionSums sums(logits.d);
  std::vector<double> log_p(logits.d);
  for (const std::uint32_t row : rows) sums.add(logits.row(row), log_p);
  return sums;
}

std::vector<std::uint32_t> row_order(std::size_t n, const InceptionScoreOptions& options) {
  if (options.order == InceptionScoreOptions::Order::numpy_legacy)
    return NumpyRandomState(options.seed).permutation(static_cast<std::uint32_t>(n));
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0U);
  return order;
}

/// Ends of the splits.
std::vector<std::size_t> cuts(std::size_t n, const InceptionScoreOptions& options) {
  std::vector<std::size_t> ends;
  if (options.cut == InceptionScoreOptions::Cut::fraction) {
    if (options.splits == 0 || n < options.splits) {
      fail(ErrorCode::domain, "inception score: {} splits of {} rows, expected 1 to {}", options.splits, n, n);
    }
    for (std::size_t i = 1; i <= options.splits; ++i) ends.push_back(i * n / options.splits);
    return ends;
  }
  if (options.chunk_size == 0 || n == 0) {
    fail(ErrorCode::domain, "inception score: chunks of {} out of {} rows, expected at least 1", options.chunk_size, n);
  }
  for (std::size_t end = options.chunk_size; end < n; end += options.chunk_size) ends.push_back(end);
  ends.push_back(n);
  return ends;
}

}  // namespace

InceptionScore inception_score(const FeatureView& logits, const InceptionScoreOptions& options) {
  expect_finite_rows(logits, "inception score");
  const std::vector<std::uint32_t> order = row_order(logits.n, options);
  InceptionScore result;
  std::size_t begin = 0;
  for (const std::size_t end : cuts(logits.n, options)) {
    result.splits.push_back(sums_of(logits, std::span(order).subspan(begin, end - begin)).score());
    begin = end;
  }
  const auto [mean, deviation] = mean_deviation(result.splits);
  result.mean = mean;
  result.standard_deviation = deviation;
  return result;
}

Interval inception_score_interval(const FeatureView& logits, std::span<const std::uint64_t> ids,
                                  std::vector<double>* leave_one_out) {
  expect_finite_rows(logits, "inception score");
  if (ids.size() != logits.n) fail(ErrorCode::shape, "inception score: {} ids for {} rows", ids.size(), logits.n);
  expect_every_group(jackknife_group_sizes(ids), "inception score");
  std::vector<PredictionSums> groups(kJackknifeGroups, PredictionSums(logits.d));
  std::vector<double> log_p(logits.d);
  for (std::size_t i = 0; i < logits.n; ++i) groups[jackknife_group(ids[i])].add(logits.row(i), log_p);
  PredictionSums all(logits.d);
  for (const PredictionSums& group : groups) all += group;
  std::vector<double> values;
  for (int g = 0; g < kJackknifeGroups; ++g) {
    PredictionSums others(logits.d);
    for (int other = 0; other < kJackknifeGroups; ++other) {
      if (other != g) others += groups[other];
    }
    values.push_back(others.score());
  }
  if (leave_one_out != nullptr) *leave_one_out = values;
  return jackknife_interval(all.score(), values);
}

}  // namespace alea
