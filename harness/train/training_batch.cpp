#include "train/training_batch.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <cmath>

namespace alea {
namespace {

enum Site : std::uint32_t { kOrder = 1000, kNoise = 1001, kTime = 1002 };

}  // namespace

std::uint32_t EpochOrder::image_of(std::uint64_t draw) {
  const std::uint64_t epoch = draw / n_;
  if (epoch != epoch_) {
    order_.resize(n_);
    fill_permutation({.seed = seed_, .stream = Stream::training, .site = kOrder, .id = epoch}, order_);
    epoch_ = epoch;
  }
  return order_[draw % n_];
}

at::Tensor images_to_float(const ImageSet& set, const std::vector<std::uint32_t>& which) {
  const auto n = static_cast<std::int64_t>(which.size());
  const auto bytes = at::empty({n, set.height, set.width, set.channels}, at::kByte);
  for (std::size_t i = 0; i < which.size(); ++i)
    std::copy_n(set.pixels.data() + which[i] * set.image_bytes(), set.image_bytes(),
                bytes.mutable_data_ptr<std::uint8_t>() + i * set.image_bytes());
  return bytes.permute({0, 3, 1, 2}).to(at::kFloat).div(127.5).sub(1.0).contiguous();
}

NoisedBatch draw_noised_batch(const ImageSet& set, EpochOrder& order, const NoiseSchedule& schedule, const Codec& codec,
                              std::uint64_t seed, std::uint64_t step, int batch) {
  NoisedBatch drawn;
  std::vector<std::uint32_t> which;
  std::vector<float> times, signal, spread;
  for (int row = 0; row < batch; ++row) {
    const std::uint64_t id = step * batch + row;
    drawn.ids.push_back(id);
    which.push_back(order.image_of(id));
    const double u = (row + uniform({.seed = seed, .stream = Stream::training, .site = kTime, .id = id})) / batch;
    const auto t = static_cast<float>(std::floor(u * schedule.train_steps()));
    const double alpha_bar = schedule.alpha_bar({t});
    times.push_back(t);
    signal.push_back(static_cast<float>(std::sqrt(alpha_bar)));
    spread.push_back(static_cast<float>(std::sqrt(1 - alpha_bar)));
  }
  const auto x0 = fold_from_image(images_to_float(set, which), codec);
  const auto row_elements = static_cast<std::size_t>(x0.numel() / batch);
  drawn.noise = at::empty(x0.sizes());
  for (int row = 0; row < batch; ++row)
    fill_normal({.seed = seed, .stream = Stream::training, .site = kNoise, .id = drawn.ids[row]},
                {drawn.noise.mutable_data_ptr<float>() + row * row_elements, row_elements});
  const auto column = [&](const std::vector<float>& values) { return at::tensor(values).view({batch, 1, 1, 1}); };
  drawn.x_t = column(signal) * x0 + column(spread) * drawn.noise;
  drawn.t = at::tensor(times);
  return drawn;
}

}  // namespace alea
