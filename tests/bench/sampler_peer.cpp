// Our side of the comparison scripts/bench sampler.embedded: times DDIM on one batch and writes its start and its end, so that
// the peer can start from the same noise and be held to the same trajectory.

#include <ATen/Parallel.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <string>

#include "core/big_buffers.h"
#include "core/provenance.h"
#include "formats/safetensors.h"
#include "models/models.h"
#include "samplers/samplers.h"
#include "trajectory/trajectory.h"

namespace alea {
namespace {

constexpr std::uint64_t kSeed = 1;

struct Arguments {
  std::string manifest, out;
  int batch = 100, steps = 50, repeat = 3, threads = 1;
};

at::Tensor sample(Denoiser& denoiser, const Ids& ids, int steps) {
  const SamplerContext context{denoiser.schedule(), kSeed};
  const auto sampler = sampler_registry().make({{"kind", "ddim"}, {"steps", steps}}, context);
  return run_trajectory(denoiser, *sampler, {}, ids, kSeed).sample;
}

TensorSpan span_of(const at::Tensor& tensor) {
  return {
      DType::f32, tensor.sizes().vec(), {reinterpret_cast<const std::byte*>(tensor.const_data_ptr<float>()), tensor.nbytes()}};
}

int measure(const Arguments& args) {
  at::set_num_threads(args.threads);
  const auto denoiser = make_model({{"kind", "ddpm_unet"}, {"manifest", args.manifest}});
  Ids ids(static_cast<std::size_t>(args.batch));
  std::iota(ids.begin(), ids.end(), SampleId{0});
  sample(*denoiser, ids, 2);  // first calls choose kernels and fetch memory
  at::Tensor last;
  for (int i = 0; i < args.repeat; ++i) {
    const double start = monotonic_seconds();
    last = sample(*denoiser, ids, args.steps).contiguous();
    std::printf("seconds %.6f\n", monotonic_seconds() - start);
  }
  const at::Tensor first = initial_noise(kSeed, ids, denoiser->spec().shape);
  write_safetensors(args.out, {{"x_T", span_of(first)}, {"sample", span_of(last)}});
  return 0;
}

int command_line(int argc, char** argv) {
  CLI::App app("Times DDIM on one batch of a ddpm_unet", "alea_sampler_peer");
  Arguments args;
  app.add_option("--manifest", args.manifest, "Of the network")->required();
  app.add_option("--out", args.out, "safetensors file for x_T and sample")->required();
  app.add_option("--batch", args.batch)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--steps", args.steps)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--repeat", args.repeat)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--threads", args.threads)->check(CLI::PositiveNumber)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return measure(args);
}

}  // namespace
}  // namespace alea

int main(int argc, char** argv) {
  alea::keep_big_buffers();
  try {
    return alea::command_line(argc, argv);
  } catch (const alea::Error& error) {
    std::fprintf(stderr, "alea_sampler_peer: %s\n", error.what());
    return alea::exit_status(error.code());
  }
}
