// Our side of the comparisons scripts/bench sampler.*, alg1 and estimators: times a sampler on one batch, alone or in turn with
// estimators, and writes what a peer needs to start from the same numbers and to be held to the same trajectory.

#include <ATen/Parallel.h>
#include <ATen/ops/full.h>
#include <c10/core/InferenceMode.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "core/big_buffers.h"
#include "core/provenance.h"
#include "formats/safetensors.h"
#include "models/manifest.h"
#include "models/models.h"
#include "models/nn/adm_unet.h"
#include "models/nn/unet.h"
#include "models/nn/uvit.h"
#include "samplers/samplers.h"
#include "trajectory/trajectory.h"
#include "uncertainty/estimators.h"

namespace alea {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr double kGain =
    1.7320508075688772;  ///< matrices keep the scale of what they multiply, so that no part of a network is idle
constexpr float kEpsTime = 500;

struct Arguments {
  std::string kind = "ddpm_unet", manifest, out, sampler = R"({"kind": "ddim", "steps": 50})", compute = "float32";
  std::vector<std::string> estimators;
  int batch = 100, repeat = 3, threads = 1;
  bool make_weights = false;
};

/// Hashed parameters, kept.
class KeptSource : public ParameterSource {
 public:
  at::Tensor take(const std::string& name, at::IntArrayRef shape, ParameterRole role) override {
    return made_[name] = hashed_.take(name, shape, role);
  }
  const WeightMap& made() const { return made_; }

 private:
  HashedSource hashed_{kGain};
  WeightMap made_;
};

template <class Network, class Options>
void build(ParameterSource& source, const Json& architecture) {
  Network(source, read_part<Options>(architecture, "/architecture", "the manifest"));
}

/// The file that the manifest names, filled with a hash of the parameters' names.
void make_weights(const Arguments& args) {
  const DenoiserManifest manifest = read_denoiser_manifest(args.manifest);
  KeptSource source;
  if (args.kind == "ddpm_unet") build<nn::Unet, nn::UnetOptions>(source, manifest.architecture);
  if (args.kind == "adm_unet") build<nn::AdmUnet, nn::AdmUnetOptions>(source, manifest.architecture);
  if (args.kind == "uvit") build<nn::Uvit, nn::UvitOptions>(source, manifest.architecture);
  save_weights(std::filesystem::path(args.manifest).parent_path() / manifest.weights, source.made(), StoredAs::f32);
}

std::unique_ptr<Denoiser> open_model(const Arguments& args) {
  return make_model({{"kind", args.kind}, {"manifest", args.manifest}},
                    {.compute = args.compute == "bfloat16" ? at::kBFloat16 : at::kFloat});
}

class Trajectory {
 public:
  Trajectory(Denoiser& denoiser, int batch) : denoiser_(denoiser), ids_(static_cast<std::size_t>(batch)) {
    std::iota(ids_.begin(), ids_.end(), SampleId{0});
  }
  const Ids& ids() const { return ids_; }

  /// Prints "NAME seconds"; an empty estimator: plain sampling.
  at::Tensor time(const char* name, const Json& sampler, const Json& estimator = {}) const {
    const SamplerContext context{denoiser_.schedule(), kSeed};
    const auto factory = sampler_registry().make(sampler, context);
    std::vector<std::unique_ptr<EstimatorFactory>> estimators;
    if (!estimator.is_null())
      estimators.push_back(estimator_registry().make(
          estimator, {.seed = kSeed, .n_steps = sampler.at("steps").get<int>(), .model = &denoiser_, .sampler = factory.get()}));
    const double start = monotonic_seconds();
    const TrajectoryResult result = run_trajectory(denoiser_, *factory, estimators, ids_, kSeed);
    at::Tensor sample = result.sample.contiguous();
    std::printf("%s %.6f\n", name, monotonic_seconds() - start);
    return sample;
  }

 private:
  Denoiser& denoiser_;
  Ids ids_;
};

TensorSpan span_of(const at::Tensor& tensor) {
  const auto dtype = tensor.scalar_type() == at::kLong ? DType::i64 : DType::f32;
  return {dtype, tensor.sizes().vec(), {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()}};
}

/// x_T, labels where there are classes, eps of x_T at t = 500, the sample.
void write_trajectory(const Arguments& args, Denoiser& denoiser, const Ids& ids, const at::Tensor& sample) {
  const PhiloxStart start(kSeed, denoiser.spec().shape, denoiser.spec().n_classes);
  const at::Tensor noise = start.x(ids), labels = start.labels(ids);
  const c10::InferenceMode inference;
  const at::Tensor eps =
      denoiser.predict({.x = noise, .t = at::full({args.batch}, kEpsTime), .labels = labels, .ids = ids}).eps.contiguous();
  std::map<std::string, TensorSpan> spans{{"x_T", span_of(noise)}, {"sample", span_of(sample)}, {"eps", span_of(eps)}};
  if (labels.defined()) spans.emplace("labels", span_of(labels));
  write_safetensors(args.out, spans);
}

/// "estimated", "estimated.2", "estimated.3", ...
std::string estimated_name(std::size_t k) { return k == 0 ? "estimated" : fmt::format("estimated.{}", k + 1); }

int measure(const Arguments& args) {
  at::set_num_threads(args.threads);
  if (args.make_weights) {
    make_weights(args);
    return 0;
  }
  const auto denoiser = open_model(args);
  const Trajectory trajectory(*denoiser, args.batch);
  const Json sampler = parse_json(args.sampler, "--sampler");
  Json warm_up = sampler;
  warm_up["steps"] = 1;
  trajectory.time("warm-up", warm_up);  // first calls choose kernels and fetch memory
  at::Tensor sample;
  for (int i = 0; i < args.repeat; ++i) {
    sample = trajectory.time("seconds", sampler);
    for (std::size_t k = 0; k < args.estimators.size(); ++k)
      trajectory.time(estimated_name(k).c_str(), sampler, parse_json(args.estimators[k], "--estimator"));
  }
  if (!args.out.empty()) write_trajectory(args, *denoiser, trajectory.ids(), sample);
  return 0;
}

int command_line(int argc, char** argv) {
  CLI::App app("Times a sampler on one batch", "alea_sampler_peer");
  Arguments args;
  app.add_option("--kind", args.kind, "Of the network")
      ->check(CLI::IsMember({"ddpm_unet", "adm_unet", "uvit"}))
      ->capture_default_str();
  app.add_option("--manifest", args.manifest, "Of the network")->required();
  app.add_flag("--make-weights", args.make_weights, "Only write the weights that the manifest names: a hash of their names");
  app.add_option("--compute", args.compute)->check(CLI::IsMember({"float32", "bfloat16"}))->capture_default_str();
  app.add_option("--sampler", args.sampler, "As in a config")->capture_default_str();
  app.add_option("--estimator", args.estimators, "As in a config: timed in turn with plain sampling; may be given again")
      ->expected(1)
      ->take_all();
  app.add_option("--out", args.out, "safetensors file for x_T, labels, eps and sample");
  app.add_option("--batch", args.batch)->check(CLI::PositiveNumber)->capture_default_str();
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
