#include "samplers/start_points.h"

#include <ATen/ops/empty.h>

#include <array>

#include "samplers/sampler.h"

namespace alea {
namespace {

/// 64 random bits scaled to 0..n-1: off uniform by n / 2^64.
std::int64_t draw_label(std::uint64_t seed, SampleId id, int n) {
  std::array<std::uint32_t, 2> words{};
  fill_words({.seed = seed, .stream = Stream::label, .id = id}, words);
  const auto bits = std::uint64_t{words[1]} << 32 | words[0];
  return static_cast<std::int64_t>(static_cast<unsigned __int128>(bits) * static_cast<unsigned>(n) >> 64);
}

}  // namespace

at::Tensor PhiloxStart::x(const Ids& ids) const { return initial_noise(seed_, ids, shape_); }

at::Tensor PhiloxStart::labels(const Ids& ids) const {
  if (n_classes_ == 0) return {};
  at::Tensor labels = at::empty({static_cast<std::int64_t>(ids.size())}, at::kLong);
  std::int64_t* out = labels.mutable_data_ptr<std::int64_t>();
  for (const SampleId id : ids) *out++ = draw_label(seed_, id, n_classes_);
  return labels;
}

}  // namespace alea
