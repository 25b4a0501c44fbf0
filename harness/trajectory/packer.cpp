#include "trajectory/packer.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "core/provenance.h"

namespace alea {
namespace {

std::int64_t row_count(const Query& query) { return static_cast<std::int64_t>(query.ids.size()); }

bool share_calls(const Query& a, const Query& b) { return a.mode == b.mode && a.want == b.want; }

void require_sound(const Query& query) {
  if (query.x.dim() != 4 || query.x.size(0) != row_count(query) || query.ids.empty())
    fail(ErrorCode::shape, "a query needs x [B, C, H, W] and B >= 1 ids, found {} dimensions and {} ids", query.x.dim(),
         query.ids.size());
}

/// A network without sites would answer as if nothing had been asked of it.
void require_sites(const Mode& mode, const DenoiserSpec& spec) {
  if (!std::holds_alternative<PlainMode>(mode) && spec.dropout_sites.empty())
    fail(ErrorCode::config, "{} has no dropout sites, so there is nothing to drop or to add noise to; take another estimator",
         spec.kind);
}

/// All rows of the queries, one after the other, as one batch.
Batch joined(const std::vector<const Query*>& queries) {
  Batch batch;
  batch.mode = queries.front()->mode;
  batch.want = queries.front()->want;
  std::vector<at::Tensor> x, t;
  for (const Query* query : queries) {
    x.push_back(query->x);
    t.push_back(at::full({row_count(*query)}, query->t.value, query->x.options().dtype(at::kFloat)));
    batch.ids.insert(batch.ids.end(), query->ids.begin(), query->ids.end());
  }
  batch.x = at::cat(x);
  batch.t = at::cat(t);
  return batch;
}

void pad_with_last_row(Batch& batch, std::int64_t missing) {
  if (missing == 0) return;
  const std::int64_t last = batch.x.size(0) - 1;
  batch.x = at::cat({batch.x, batch.x.narrow(0, last, 1).expand({missing, -1, -1, -1})});
  batch.t = at::cat({batch.t, batch.t.narrow(0, last, 1).expand({missing})});
  batch.ids.insert(batch.ids.end(), missing, batch.ids.back());
}

void require_shape_of(const at::Tensor& x, const Prediction& answer, const DenoiserSpec& spec) {
  const bool fits =
      answer.eps.sizes() == x.sizes() && (!answer.variance_fraction.defined() || answer.variance_fraction.sizes() == x.sizes());
  if (!fits) fail(ErrorCode::shape, "{}: the prediction has another shape than its input", spec.kind);
}

void require_wanted(const Want& want, const Prediction& answer, const DenoiserSpec& spec) {
  if (want.graph && !answer.eps.requires_grad())
    fail(ErrorCode::config, "{}: answers without a gradient with respect to x; a guide needs a network that has one", spec.kind);
  if (want.last_layer_input && !answer.last_layer_input.defined())
    fail(ErrorCode::config, "{}: doesn't say what its last layer sees, which an estimator wants", spec.kind);
}

at::Tensor one_tensor(const std::vector<at::Tensor>& parts) {
  if (parts.empty()) return {};
  return parts.size() == 1 ? parts.front() : at::cat(parts);
}

}  // namespace

Packer::Timed Packer::evaluate_one_mode(const std::vector<const Query*>& queries) {
  require_sites(queries.front()->mode, denoiser_.spec());
  const Batch all = joined(queries);
  const std::int64_t n = all.x.size(0);
  std::vector<at::Tensor> eps, variance_fraction, x0, last_layer_input;
  std::vector<double> row_seconds;
  for (std::int64_t first = 0; first < n; first += rows_per_call_) {
    const std::int64_t count = std::min(rows_per_call_, n - first), missing = rows_per_call_ - count;
    Batch call{.x = all.x.narrow(0, first, count),
               .t = all.t.narrow(0, first, count),
               .ids = Ids(all.ids.begin() + first, all.ids.begin() + first + count),
               .mode = all.mode,
               .want = all.want};
    pad_with_last_row(call, missing);
    padded_ += missing;
    if (const at::Tensor labels = start_.labels(call.ids); labels.defined()) call.labels = labels.to(call.x.device());
    const double asked_s = monotonic_seconds();
    const Prediction answer = denoiser_.predict(call);
    row_seconds.insert(row_seconds.end(), static_cast<std::size_t>(count),
                       (monotonic_seconds() - asked_s) / static_cast<double>(count));
    require_shape_of(call.x, answer, denoiser_.spec());
    require_wanted(call.want, answer, denoiser_.spec());
    eps.push_back(answer.eps.narrow(0, 0, count));
    if (answer.variance_fraction.defined()) variance_fraction.push_back(answer.variance_fraction.narrow(0, 0, count));
    if (answer.x0.defined()) x0.push_back(answer.x0.narrow(0, 0, count));
    if (answer.last_layer_input.defined()) last_layer_input.push_back(answer.last_layer_input.narrow(0, 0, count));
  }
  return {{one_tensor(eps), one_tensor(variance_fraction), one_tensor(x0), one_tensor(last_layer_input)}, std::move(row_seconds)};
}

std::vector<Prediction> Packer::evaluate(const std::vector<Query>& queries) {
  std::vector<Prediction> out(queries.size());
  seconds_.assign(queries.size(), 0);
  std::vector<bool> is_done(queries.size(), false);
  for (std::size_t lead = 0; lead < queries.size(); ++lead) {
    if (is_done[lead]) continue;
    const bool graph = queries[lead].want.graph;
    const at::AutoGradMode gradients(graph);
    std::vector<const Query*> group;
    std::vector<std::size_t> places;
    for (std::size_t i = lead; i < queries.size(); ++i) {
      if (!share_calls(queries[i], queries[lead]) || (graph && i != lead)) continue;
      require_sound(queries[i]);
      group.push_back(&queries[i]);
      places.push_back(i);
      is_done[i] = true;
    }
    const auto [all, row_seconds] = evaluate_one_mode(group);
    std::int64_t first = 0;
    for (const std::size_t place : places) {
      const std::int64_t count = row_count(queries[place]);
      out[place].eps = all.eps.narrow(0, first, count);
      if (all.variance_fraction.defined()) out[place].variance_fraction = all.variance_fraction.narrow(0, first, count);
      if (all.x0.defined()) out[place].x0 = all.x0.narrow(0, first, count);
      if (all.last_layer_input.defined()) out[place].last_layer_input = all.last_layer_input.narrow(0, first, count);
      const auto row = row_seconds.begin() + first;
      seconds_[place] = std::accumulate(row, row + count, 0.0);
      first += count;
    }
  }
  return out;
}

}  // namespace alea
