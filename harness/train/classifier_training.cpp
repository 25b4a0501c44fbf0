#include "train/classifier_training.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>

#include <numeric>

#include "core/files.h"
#include "core/log.h"
#include "data/dataset.h"
#include "models/classifier_manifest.h"
#include "models/nn/classifier.h"
#include "train/training_batch.h"
#include "train/training_loop.h"

namespace alea {
namespace {

constexpr double kLabelSmoothing = 0.1;

at::Tensor labels_of(const ImageSet& set, const std::vector<std::uint32_t>& which) {
  const auto labels = at::empty({static_cast<std::int64_t>(which.size())}, at::kLong);
  for (std::size_t i = 0; i < which.size(); ++i) labels.mutable_data_ptr<std::int64_t>()[i] = set.labels[which[i]];
  return labels;
}

double accuracy(const nn::Classifier& classifier, const ImageSet& set, int batch) {
  const c10::InferenceMode inference;
  std::int64_t right = 0;
  for (std::uint64_t first = 0; first < set.n; first += batch) {
    std::vector<std::uint32_t> which(std::min<std::uint64_t>(batch, set.n - first));
    std::iota(which.begin(), which.end(), static_cast<std::uint32_t>(first));
    right +=
        classifier.forward(images_to_float(set, which)).logits.argmax(1).eq(labels_of(set, which)).sum().item<std::int64_t>();
  }
  return static_cast<double>(right) / static_cast<double>(set.n);
}

nn::ClassifierOptions architecture_of(const Json& json, const ImageSet& set) {
  ConfigErrors errors;
  auto options = read_options<nn::ClassifierOptions>(json, "/architecture", errors);
  errors.throw_if_any("training config");
  if (options.channels != set.channels || options.n_classes != set.n_classes)
    fail(ErrorCode::config, "/architecture: {} channels and {} classes, but {} has {} and {}", options.channels,
         options.n_classes, set.name, set.channels, set.n_classes);
  return options;
}

}  // namespace

void train_classifier(const ClassifierTrainOptions& options, const Json& resolved, const TrainRequest& request) {
  const ImageSet set = load_dataset(options.data), test = load_dataset(options.test_data);
  const auto architecture = architecture_of(options.architecture, set);
  architecture_of(options.architecture, test);  // must fit too
  EpochOrder order(options.seed, set.n);
  const auto loss = [&](const WeightMap& weights, int step) {
    MapSource source(weights, "weights in training");
    const nn::Classifier classifier(source, architecture);
    std::vector<std::uint32_t> which;
    for (int row = 0; row < options.optimizer.batch; ++row)
      which.push_back(order.image_of(static_cast<std::uint64_t>(step) * options.optimizer.batch + row));
    return at::cross_entropy_loss(classifier.forward(images_to_float(set, which)).logits, labels_of(set, which), {},
                                  at::Reduction::Mean, -100, kLabelSmoothing);
  };
  const auto initial = [&] {
    InitialSource source(options.seed);
    nn::Classifier(source, architecture);
    return source.made();
  };
  const auto state =
      run_training({"train " + options.name, options.optimizer, options.checkpoint_every, initial, loss}, resolved, request);

  const auto path = request.out / (options.name + ".safetensors");
  save_weights(path, state.ema, StoredAs::f16, {{"trained_on", set.name}, {"steps", std::to_string(state.step())}});
  const auto stored = load_weights(path, "");
  MapSource source(stored.tensors, path.string());
  const nn::Classifier classifier(source, architecture);
  ClassifierManifest manifest{.architecture = to_json(architecture),
                              .input = {set.channels, set.height, set.width},
                              .weights = path.filename().string(),
                              .sha256 = stored.sha256,
                              .test_accuracy = accuracy(classifier, test, 100),
                              .about = "trained by alea on " + set.name + ", accuracy on " + test.name};
  atomic_write(request.out / (options.name + ".json"), to_json(manifest).dump(2) + "\n");
  log_info("accuracy {} = {:.4f}", test.name, manifest.test_accuracy);
}

}  // namespace alea
