#include "samplers/noise.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include "samplers/sampler.h"

namespace alea {

at::Tensor draw_normals(DrawKey key, const Ids& ids, const ImageShape& shape) {
  at::Tensor out = at::empty({static_cast<std::int64_t>(ids.size()), shape.channels, shape.height, shape.width}, at::kFloat);
  float* row = out.mutable_data_ptr<float>();
  const auto elements = static_cast<std::size_t>(shape.elements());
  for (const SampleId id : ids) {
    key.id = id;
    fill_normal(key, {row, elements});
    row += elements;
  }
  return out;
}

at::Tensor sampler_noise(std::uint64_t seed, SolverIndex index, const Ids& ids, const at::Tensor& x) {
  const DrawKey key{.seed = seed, .stream = Stream::sampler_noise, .step = static_cast<std::uint32_t>(index.value)};
  const ImageShape shape{static_cast<int>(x.size(1)), static_cast<int>(x.size(2)), static_cast<int>(x.size(3))};
  return draw_normals(key, ids, shape).to(x.device());
}

at::Tensor initial_noise(std::uint64_t seed, const Ids& ids, const ImageShape& shape) {
  return draw_normals({.seed = seed, .stream = Stream::initial_noise}, ids, shape);
}

}  // namespace alea
