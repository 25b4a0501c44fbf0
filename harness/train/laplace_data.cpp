#include "train/laplace_data.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "core/files.h"
#include "samplers/noise.h"
#include "samplers/sampler.h"

namespace alea {
namespace {

/// Sites of stream `laplace` that estimators don't use.
enum Site : std::uint32_t { kOrder = 100, kTime = 101, kNoise = 102 };

std::string first_folder(const std::string& name) {
  const auto slash = name.find('/');
  if (slash == std::string::npos)
    fail(ErrorCode::data, "{}: lies in no folder that could name its class; give /labels as an array", name);
  return name.substr(0, slash);
}

std::vector<std::int64_t> labels_from(const std::string& what, std::uint64_t n) {
  const at::Tensor values = ConditioningTable(what).rows(consecutive_ids(n)).to(at::kDouble).contiguous();
  if (values.dim() != 1) fail(ErrorCode::data, "/labels: {}: expected one number an image, found {} axes", what, values.dim());
  std::vector<std::int64_t> labels;
  for (std::uint64_t i = 0; i < n; ++i) {
    const double value = values.const_data_ptr<double>()[i];
    if (value != std::floor(value)) fail(ErrorCode::data, "/labels: {}: expected a class, found {} for image {}", what, value, i);
    labels.push_back(static_cast<std::int64_t>(value));
  }
  return labels;
}

/// Those that the set has itself.
std::vector<std::int64_t> labels_of_set(const ImageSource& source, const DenoiserSpec& spec) {
  const ImageLabels labels = source.labels();
  if (labels.n_classes != static_cast<std::uint32_t>(spec.n_classes))
    fail(ErrorCode::config, "/labels: {} has {} classes, and the set {}: give \"folders\" or an array of one class an image",
         spec.kind, spec.n_classes, labels.n_classes == 0 ? "none" : std::to_string(labels.n_classes));
  return {labels.of.begin(), labels.of.end()};
}

std::vector<std::int64_t> labels_for(const LaplaceFitOptions& options, const DenoiserSpec& spec, const ImageSource& source) {
  if (spec.n_classes == 0) {
    if (!options.labels.empty()) fail(ErrorCode::config, "/labels: {} takes no classes; leave it out", spec.kind);
    return {};
  }
  if (options.labels.empty()) return labels_of_set(source, spec);
  auto labels = options.labels == "folders" ? labels_by_folder(source) : labels_from(options.labels, source.size());
  for (const std::int64_t label : labels)
    if (label < 0 || label >= spec.n_classes)
      fail(ErrorCode::data, "/labels: expected classes 0 to {}, found {}", spec.n_classes - 1, label);
  return labels;
}

std::string digest_of(const ImageSource& source, const std::vector<std::int64_t>& labels) {
  if (labels.empty()) return source.digest();
  const std::string both = source.digest() + sha256_hex(std::as_bytes(std::span(labels)));
  return sha256_hex(std::as_bytes(std::span(both)));
}

/// Uniform over the times of training, whole numbers.
TrainTime draw_time(const NoiseSchedule& schedule, std::uint64_t seed, SampleId id) {
  const double first = schedule.first_time().value, n = schedule.last_time().value - first + 1;
  return {first + std::floor(n * uniform({.seed = seed, .stream = Stream::laplace, .site = kTime, .id = id}))};
}

}  // namespace

std::vector<std::int64_t> labels_by_folder(const ImageSource& source) {
  std::vector<std::string> folders;
  for (std::uint64_t i = 0; i < source.size(); ++i) folders.push_back(first_folder(source.name(i)));
  const std::set<std::string> names(folders.begin(), folders.end());
  std::vector<std::int64_t> labels;
  for (const auto& folder : folders) labels.push_back(std::distance(names.begin(), names.find(folder)));
  return labels;
}

FitData::FitData(const LaplaceFitOptions& options, const Denoiser& denoiser)
    : seed_(options.seed), denoiser_(denoiser), source_(open_image_source(options.data, {.array = options.array})) {
  const std::uint64_t n = source_->size();
  if (n > std::numeric_limits<std::uint32_t>::max()) fail(ErrorCode::config, "/data: {} images are more than 2^32", n);
  if (options.images > n) fail(ErrorCode::config, "/images: {} are asked for, {} has {}", options.images, options.data, n);
  size_ = options.images == 0 ? n : options.images;
  labels_ = labels_for(options, denoiser.spec(), *source_);
  sha256_ = digest_of(*source_, labels_);
  order_.resize(n);
  fill_permutation({.seed = seed_, .stream = Stream::laplace, .site = kOrder}, order_);
}

FitBatch FitData::batch(std::uint64_t first, int count) const {
  FitBatch out;
  std::vector<std::uint64_t> which;
  for (int row = 0; row < count; ++row) {
    out.ids.push_back((first + row) % size_);
    which.push_back(order_[out.ids.back()]);
  }
  const auto& spec = denoiser_.spec();
  const at::Tensor x0 = denoiser_.from_image(UnitImages(*source_, which, image_shape(spec)).tensor().to(spec.device));
  out.noise = draw_normals({.seed = seed_, .stream = Stream::laplace, .site = kNoise}, out.ids, spec.shape).to(spec.device);
  std::vector<at::Tensor> rows;
  std::vector<float> times;
  for (int row = 0; row < count; ++row) {
    const TrainTime t = draw_time(denoiser_.schedule(), seed_, out.ids[row]);
    rows.push_back(add_noise(x0.narrow(0, row, 1), out.noise.narrow(0, row, 1), denoiser_.schedule().level(t)));
    times.push_back(static_cast<float>(t.value));
  }
  out.x_t = at::cat(rows);
  out.t = at::tensor(times).to(spec.device);
  if (!labels_.empty()) out.labels = labels_of(which).to(spec.device);
  return out;
}

at::Tensor FitData::labels_of(const std::vector<std::uint64_t>& which) const {
  std::vector<std::int64_t> out;
  for (const std::uint64_t i : which) out.push_back(labels_[i]);
  return at::tensor(out);
}

}  // namespace alea
