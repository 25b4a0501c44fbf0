#include "train/denoiser_training.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "core/files.h"
#include "data/dataset.h"
#include "models/nn/unet.h"
#include "train/sample_grid.h"
#include "train/training_batch.h"
#include "train/training_loop.h"

namespace alea {
namespace {

Json manifest_of(const DenoiserTrainOptions& options, const ImageSet& set, const std::string& sha256) {
  DenoiserManifest manifest;
  manifest.architecture = to_json(options.architecture);
  manifest.schedule = to_json(options.schedule);
  manifest.shape = {set.channels * options.fold * options.fold, set.height / options.fold, set.width / options.fold};
  manifest.fold = options.fold;
  manifest.weights = options.name + ".safetensors";
  manifest.sha256 = sha256;
  manifest.train_dropout = options.dropout;
  manifest.about = "trained by alea on " + set.name;
  return to_json(manifest);
}

void export_weights(const DenoiserTrainOptions& options, const ImageSet& set, const TrainState& state,
                    const std::filesystem::path& out) {
  const auto path = out / (options.name + ".safetensors");
  save_weights(path, state.ema, StoredAs::f16, {{"trained_on", set.name}, {"steps", std::to_string(state.step())}});
  atomic_write(out / (options.name + ".json"), manifest_of(options, set, sha256_file(path)).dump(2) + "\n");
}

}  // namespace

void train_denoiser(const DenoiserTrainOptions& options, const Json& resolved, const TrainRequest& request) {
  const ImageSet set = load_dataset(options.data);
  const NoiseSchedule schedule(options.schedule);
  const Codec codec{options.fold};
  EpochOrder order(options.seed, set.n);
  const auto loss = [&](const WeightMap& weights, int step) {
    MapSource source(weights, "weights in training");
    const nn::Unet unet(source, options.architecture);
    source.finish();
    const auto batch = draw_noised_batch(set, order, schedule, codec, options.seed, step, options.optimizer.batch);
    const Mode mode = DropoutMode{.seed = options.seed, .stream = Stream::training, .p = options.dropout};
    return at::mse_loss(unet.forward(batch.x_t, batch.t, nn::DropoutSites(mode, batch.ids)), batch.noise);
  };
  const auto initial = [&] {
    InitialSource source(options.seed);
    nn::Unet(source, options.architecture);
    return source.made();
  };
  const auto state =
      run_training({"train " + options.name, options.optimizer, options.checkpoint_every, initial, loss}, resolved, request);
  export_weights(options, set, state, request.out);
  write_sample_grid(request.out / (options.name + ".json"), options.sample_steps, options.seed, request.out / "samples.png");
}

}  // namespace alea
