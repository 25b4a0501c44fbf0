#include "train/sample_grid.h"

#include <ATen/Functions.h>


#include "formats/png.h"
#include "models/models.h"
#include "samplers/samplers.h"
#include "trajectory/trajectory.h"

namespace alea {
namespace {

constexpr int kColumns = 10;

std::vector<Picture> pictures_of(const at::Tensor& images) {
  const auto bytes = images.div(2).add(0.5).clamp(0, 1).mul(255).round().to(at::kByte).permute({0, 2, 3, 1}).contiguous();
  std::vector<Picture> pictures;
  for (std::int64_t i = 0; i < bytes.size(0); ++i) {
    const auto image = bytes[i];
    const auto* first = image.const_data_ptr<std::uint8_t>();
    pictures.push_back({static_cast<int>(image.size(1)),
                        static_cast<int>(image.size(0)),
                        static_cast<int>(image.size(2)),
                        {first, first + image.numel()}});
  }
  return pictures;
}

}  // namespace

void write_sample_grid(const std::filesystem::path& manifest, int steps, std::uint64_t seed, const std::filesystem::path& png) {
  const auto denoiser = make_model({{"kind", "ddpm_unet"}, {"manifest", manifest.string()}});
  const SamplerContext context{denoiser->schedule(), seed};
  const auto sampler = sampler_registry().make({{"kind", "ddim"}, {"steps", steps}}, context);
  const Ids ids = consecutive_ids(kColumns * kColumns);
  const auto result = run_trajectory(*denoiser, *sampler, {}, ids, seed);
  const auto pictures = pictures_of(denoiser->to_image(result.sample));
  write_png(png, magnify(tile(pictures, kColumns, 1), 2));
}

}  // namespace alea
