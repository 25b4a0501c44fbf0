#include "run/sample_block.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "models/models.h"
#include "protocols/array_names.h"
#include "run/noised_start.h"
#include "run/originals.h"
#include "run/start.h"
#include "samplers/samplers.h"
#include "trajectory/trajectory.h"
#include "uncertainty/estimators.h"
#include "uncertainty/guidance.h"

namespace alea {

struct BlockSampler::Parts {
  Plan plan;
  std::shared_ptr<Denoiser> denoiser;
  std::unique_ptr<SamplerFactory> sampler;
  std::unique_ptr<Originals> originals;  ///< where trajectories begin at real images
  std::unique_ptr<StartPoints> start;
  std::vector<std::unique_ptr<EstimatorFactory>> estimators;
  std::vector<std::unique_ptr<GuideFactory>> guides;   ///< one an arm; null: none
  std::unique_ptr<SamplerFactory> equal_cost_sampler;  ///< null: no such arm
  SampleFacts facts;
  SampleCost cost;
  SampleSeconds seconds;

  std::unique_ptr<StartPoints> noised_start() const;
  void add_equal_cost(const BlockRange& range, const std::function<void(std::uint32_t)>& after_batch, ArrayMap& out);
};

namespace {

/// One statistic of a block while its micro-batches come in.
struct StatisticRows {
  std::string name;
  std::size_t window = 0;
  std::vector<double> scores;  ///< [n, window]
  std::vector<float> maps;     ///< [n, h, w, c], or empty
};

struct BlockRows {
  ImageExtent extent;
  std::size_t done = 0;
  std::vector<std::uint8_t> images = {}, finite = {};
  std::vector<std::uint8_t> originals = {};  ///< [n, h, w, c], or empty
  std::vector<float> errors = {};            ///< [n, h, w, c], or empty
  std::vector<StatisticRows> statistics = {};
};

template <class T>
std::span<const T> row(const at::Tensor& contiguous, std::size_t index) {
  const auto width = std::size_t(contiguous.numel() / contiguous.size(0));
  return {contiguous.const_data_ptr<T>() + index * width, width};
}

/// A micro-batch's tensors on the CPU, contiguous, in image space.
struct BatchRows {
  struct Statistic {
    std::string name;
    at::Tensor scores, map;  ///< [B, W] f64; [B, c, h, w] f32 or undefined
  };
  at::Tensor images;  ///< [B, c, h, w] f32
  at::Tensor errors;  ///< [B, c, h, w] f32 or undefined
  std::vector<Statistic> statistics;

  bool finite(std::size_t i) const {
    if (!all_finite(row<float>(images, i))) return false;
    return std::all_of(statistics.begin(), statistics.end(), [&](const Statistic& s) {
      return all_finite(row<double>(s.scores, i)) && (!s.map.defined() || all_finite(row<float>(s.map, i)));
    });
  }
};

BatchRows batch_rows(const TrajectoryResult& result, const Denoiser& denoiser, bool maps) {
  const auto on_cpu = [](const at::Tensor& x) { return x.to(at::kCPU, at::kFloat).contiguous(); };
  BatchRows out{on_cpu(denoiser.to_image(result.sample)), {}, {}};
  for (const auto& output : result.outputs) {
    ALEA_CHECK(output.step_scores.dim() == 2 && output.step_scores.size(0) == out.images.size(0),
               "step scores of {} have {} rows", output.name, output.step_scores.size(0));
    const bool has_map = maps && output.map.defined();
    out.statistics.push_back({output.name, output.step_scores.to(at::kCPU, at::kDouble).contiguous(),
                              has_map ? on_cpu(denoiser.map_to_image(output.map)) : at::Tensor()});
  }
  return out;
}

BlockRows empty_rows(const ImageExtent& extent, std::size_t n) {
  BlockRows out{.extent = extent};
  out.images.assign(n * extent.elements(), 0);
  out.finite.assign(n, 0);
  return out;
}

void start_statistics(BlockRows& block, const BatchRows& batch, std::size_t n) {
  for (const auto& s : batch.statistics) {
    StatisticRows rows{s.name, std::size_t(s.scores.size(1)), {}, {}};
    rows.scores.assign(n * rows.window, 0.0);
    if (s.map.defined()) rows.maps.assign(n * block.extent.elements(), 0.0f);
    block.statistics.push_back(std::move(rows));
  }
}

void take_row(BlockRows& block, const BatchRows& batch, std::size_t i) {
  const std::size_t at = block.done++;
  if (!batch.finite(i)) return;  // everything was filled with zeros
  block.finite[at] = 1;
  const std::size_t size = block.extent.elements();
  quantise_image(row<float>(batch.images, i), block.extent, std::span(block.images).subspan(at * size, size));
  if (batch.errors.defined())
    interleave_channels(row<float>(batch.errors, i), block.extent, std::span(block.errors).subspan(at * size, size));
  for (std::size_t s = 0; s < batch.statistics.size(); ++s) {
    auto& rows = block.statistics[s];
    std::ranges::copy(row<double>(batch.statistics[s].scores, i), rows.scores.begin() + std::ptrdiff_t(at * rows.window));
    if (!rows.maps.empty())
      interleave_channels(row<float>(batch.statistics[s].map, i), block.extent, std::span(rows.maps).subspan(at * size, size));
  }
}

/// The batch's errors against the real images, which the block stores too. `ids` may reach past the block's end: padding.
void add_originals(BlockRows& block, BatchRows& batch, const Originals& originals, const Ids& ids, std::size_t n) {
  const std::size_t size = block.extent.elements();
  block.originals.resize(n * size);
  block.errors.resize(n * size);
  const at::Tensor pixels = originals.pixels(ids);
  const auto wanted = std::min(ids.size(), n - block.done);
  std::ranges::copy(std::span(pixels.const_data_ptr<std::uint8_t>(), wanted * size),
                    block.originals.begin() + static_cast<std::ptrdiff_t>(block.done * size));
  batch.errors = (batch.images.clamp(-1, 1) - image_values(pixels)).abs().div(2).contiguous();
}

void take_rows(BlockRows& block, const BatchRows& batch, std::size_t count) {
  if (block.done == 0) start_statistics(block, batch, block.finite.size());
  for (std::size_t i = 0; i < count; ++i) take_row(block, batch, i);
}

void add_cost(SampleCost& total, const TrajectoryCost& cost, std::uint64_t n_images) {
  total.base_nfe += cost.base_nfe * n_images;
  total.extra_nfe += cost.extra_nfe * n_images;
  total.guide_nfe += cost.guide_nfe * n_images;
  total.padded += cost.padded;
  total.decoded += n_images;
}

void add_seconds(SampleSeconds& total, const TrajectorySeconds& seconds) {
  total.base += seconds.base;
  for (std::size_t i = 0; i < seconds.estimators.size(); ++i) total.estimators[i].seconds += seconds.estimators[i];
}

std::vector<std::uint64_t> image_dims(std::uint64_t n, const ImageExtent& e) {
  return {n, std::uint64_t(e.height), std::uint64_t(e.width), std::uint64_t(e.channels)};
}

std::unique_ptr<GuideFactory> guide_of(const PlanArm& arm, std::uint64_t seed, const Denoiser& denoiser,
                                       const SamplerFactory& sampler) {
  if (arm.guide.is_null()) return nullptr;
  ConfigErrors errors;
  const auto options = read_guidance_options(arm.guide, "/guide", errors);
  errors.throw_if_any("resolved guide");
  return make_guidance(
      options, {.schedule = denoiser.schedule(), .seed = seed, .n_steps = sampler.n_steps(), .thresholds = arm.thresholds});
}

std::vector<PlanArm> arms_of(const Plan& plan) {
  return plan.arms.empty() ? std::vector<PlanArm>{{plan.guide, plan.thresholds}} : plan.arms;
}

/// Of the dearest arm.
int nfe_of(const std::vector<std::unique_ptr<GuideFactory>>& guides) {
  int most = 0;
  for (const auto& guide : guides) most = std::max(most, guide ? guide->nfe() : 0);
  return most;
}

/// The block's ids in place of its rows. Its last micro-batch is filled up with the ids that follow, whichever arm it is of.
std::vector<Ids> id_batches(const BlockRange& range, const Plan& plan) {
  auto batches = micro_batches_of(range, plan.micro_batch);
  for (Ids& ids : batches)
    for (SampleId& id : ids) id = plan.id_of(range.first) + (id - range.first);
  return batches;
}

ArrayMap to_arrays(const BlockRange& range, SampleId first, BlockRows&& block) {
  Ids ids(range.count);
  for (std::uint32_t i = 0; i < range.count; ++i) ids[i] = first + i;
  const std::uint64_t n = range.count;
  ArrayMap out;
  out[array_names::kIds] = make_array<std::uint64_t>(ids, {n});
  out[array_names::kImages] = make_array<std::uint8_t>(block.images, image_dims(n, block.extent));
  out[array_names::kFinite] = make_array<std::uint8_t>(block.finite, {n});
  if (!block.errors.empty()) {
    out[array_names::kOriginals] = make_array<std::uint8_t>(block.originals, image_dims(n, block.extent));
    out[array_names::kErrors] = make_array<float>(block.errors, image_dims(n, block.extent));
  }
  for (const auto& s : block.statistics) {
    out[array_names::scores(s.name)] = make_array<double>(s.scores, {n, s.window});
    if (!s.maps.empty()) out[array_names::maps(s.name)] = make_array<float>(s.maps, image_dims(n, block.extent));
  }
  return out;
}

Array labels_of(const BlockRange& range, const StartPoints& start) {
  Ids ids = consecutive_ids(range.count);
  for (SampleId& id : ids) id += range.first;
  const at::Tensor labels = start.labels(ids).contiguous();
  const std::int64_t* first = labels.const_data_ptr<std::int64_t>();
  return make_array<std::uint64_t>(std::vector<std::uint64_t>(first, first + labels.numel()), {range.count});
}

}  // namespace

std::unique_ptr<StartPoints> BlockSampler::Parts::noised_start() const {
  originals->labels({0}, denoiser->spec().n_classes);  // before hours of work: are there any?
  for (const Beginning& beginning : sampler->beginnings())
    if (beginning.index.value == plan.from_index)
      return std::make_unique<NoisedStart>(*denoiser, *originals, beginning, plan.seed, plan.loop_index_noise);
  fail(ErrorCode::internal, "the sampler can't begin at index {}", plan.from_index);
}

/// Its ids lie behind the run's own, and it always begins at points by seed and id: the paper's sets have none to spare.
void BlockSampler::Parts::add_equal_cost(const BlockRange& range, const std::function<void(std::uint32_t)>& after_batch,
                                         ArrayMap& out) {
  const std::uint64_t left = plan.equal_cost_images - std::min<std::uint64_t>(plan.equal_cost_images, range.first);
  const BlockRange own{range.index, plan.n_samples + range.first,
                       static_cast<std::uint32_t>(std::min<std::uint64_t>(left, range.count))};
  const PhiloxStart points(plan.seed, denoiser->spec().shape, denoiser->spec().n_classes);
  BlockRows block = empty_rows(facts.image, own.count);
  for (const auto& ids : micro_batches_of(own, plan.micro_batch)) {
    const auto result = run_trajectory(*denoiser, *equal_cost_sampler, {}, ids, points);
    add_cost(cost, result.cost, ids.size());
    take_rows(block, batch_rows(result, *denoiser, false), std::min(ids.size(), own.count - block.done));
    if (after_batch) after_batch(0);
  }
  ArrayMap arrays = to_arrays(own, own.first, std::move(block));
  out[array_names::kEqualCostImages] = std::move(arrays.at(array_names::kImages));
  out[array_names::kEqualCostFinite] = std::move(arrays.at(array_names::kFinite));
}

BlockSampler::BlockSampler(const Plan& plan, Placement placement) : BlockSampler(plan, load_denoiser(plan, placement)) {}

BlockSampler::BlockSampler(const Plan& plan, std::shared_ptr<Denoiser> denoiser) : parts_(std::make_unique<Parts>()) {
  auto& p = *parts_;
  p.plan = plan;
  p.denoiser = std::move(denoiser);
  p.sampler = sampler_registry().make(plan.sampler, SamplerContext{p.denoiser->schedule(), plan.seed});
  const EstimatorContext context{plan.seed, p.sampler->n_steps(), p.denoiser.get(), p.sampler.get()};
  for (const auto& estimator : plan.estimators) p.estimators.push_back(estimator_registry().make(estimator, context));
  for (const PlanArm& arm : arms_of(plan)) p.guides.push_back(guide_of(arm, plan.seed, *p.denoiser, *p.sampler));
  const auto& spec = p.denoiser->spec();
  const ImageShape shape = image_shape(spec);
  if (!plan.dataset.empty()) p.originals = std::make_unique<Originals>(plan.dataset, plan.n_samples, shape);
  p.start = p.originals == nullptr ? start_points(plan, spec) : p.noised_start();
  p.facts = {spec.kind,
             spec.weights_sha256,
             spec.n_parameters,
             {shape.channels, shape.height, shape.width},
             (p.sampler->nfe() - plan.from_index) * spec.forwards,
             0,
             nfe_of(p.guides) * spec.forwards,
             spec.forwards,
             count_flops(*make_model(plan.model, {.device = at::kMeta}))};
  for (const auto& estimator : p.estimators) {
    p.facts.extra_nfe += estimator->extra_nfe() * spec.forwards;
    p.seconds.estimators.push_back({estimator->statistics(), 0});
  }
  if (!plan.equal_cost_sampler.is_null())
    p.equal_cost_sampler = sampler_registry().make(plan.equal_cost_sampler, SamplerContext{p.denoiser->schedule(), plan.seed});
  if (plan.labels && spec.n_classes == 0)
    fail(ErrorCode::config, "/model: {} has no classes, and each image's class is wanted", spec.kind);
}

BlockSampler::~BlockSampler() = default;
BlockSampler::BlockSampler(BlockSampler&&) noexcept = default;

const SampleFacts& BlockSampler::facts() const { return parts_->facts; }
const SampleCost& BlockSampler::cost() const { return parts_->cost; }
const SampleSeconds& BlockSampler::seconds() const { return parts_->seconds; }

ArrayMap BlockSampler::sample(const BlockRange& range, const std::function<void(std::uint32_t)>& after_batch) {
  auto& p = *parts_;
  BlockRows block = empty_rows(p.facts.image, range.count), unguided = block;
  const GuideFactory* guide = p.guides.at(p.plan.arm_of(range.first)).get();
  for (const auto& ids : id_batches(range, p.plan)) {
    const auto result = run_trajectory(*p.denoiser, *p.sampler, p.estimators, ids, *p.start, /*pack=*/true, guide);
    add_cost(p.cost, result.cost, ids.size());
    add_seconds(p.seconds, result.seconds);
    const auto wanted = static_cast<std::uint32_t>(std::min<std::size_t>(ids.size(), range.count - block.done));
    auto batch = batch_rows(result, *p.denoiser, p.plan.maps);
    if (p.originals != nullptr) add_originals(block, batch, *p.originals, ids, range.count);
    take_rows(block, batch, wanted);
    if (p.plan.unguided_arm) {
      const auto without = run_trajectory(*p.denoiser, *p.sampler, {}, ids, *p.start);
      add_cost(p.cost, without.cost, ids.size());
      add_seconds(p.seconds, without.seconds);
      take_rows(unguided, batch_rows(without, *p.denoiser, false), wanted);
    }
    if (after_batch) after_batch(wanted);
  }
  ArrayMap out = to_arrays(range, p.plan.id_of(range.first), std::move(block));
  if (p.plan.labels) out[array_names::kLabels] = labels_of(range, *p.start);
  if (p.equal_cost_sampler) p.add_equal_cost(range, after_batch, out);
  if (!p.plan.unguided_arm) return out;
  ArrayMap other = to_arrays(range, p.plan.id_of(range.first), std::move(unguided));
  out[array_names::kUnguidedImages] = std::move(other.at(array_names::kImages));
  out[array_names::kUnguidedFinite] = std::move(other.at(array_names::kFinite));
  return out;
}

}  // namespace alea
