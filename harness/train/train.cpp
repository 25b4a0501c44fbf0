#include "train/train.h"

#include "core/files.h"
#include "train/classifier_training.h"
#include "train/denoiser_training.h"

namespace alea {
namespace {

bool is_classifier(const Json& config, const std::string& source) {
  const std::string kind =
      config.is_object() && config.contains("train") && config["train"].is_string() ? config["train"].get<std::string>() : "";
  if (kind == "classifier") return true;
  if (kind == "denoiser") return false;
  ConfigErrors errors;
  errors.add("/train", "expected \"denoiser\" or \"classifier\"" + suggestion(kind, {"denoiser", "classifier"}));
  errors.throw_if_any(source);
  return false;
}

template <class Options>
Options read_train_options(const Json& config, const std::string& source) {
  ConfigErrors errors;
  auto options = read_options<Options>(config, "", errors);
  errors.throw_if_any(source);
  return options;
}

}  // namespace

Json resolve_train_config(const Json& config, const std::string& source) {
  if (is_classifier(config, source)) return to_json(read_train_options<ClassifierTrainOptions>(config, source));
  return to_json(read_train_options<DenoiserTrainOptions>(config, source));
}

void train(const TrainRequest& request) {
  const Json resolved = resolve_train_config(request.config, request.source);
  std::filesystem::create_directories(request.out);
  const FolderLock lock(request.out, FolderLock::Kind::exclusive);
  remove_stale_temporaries(request.out);
  if (is_classifier(resolved, request.source))
    train_classifier(read_train_options<ClassifierTrainOptions>(resolved, request.source), resolved, request);
  else
    train_denoiser(read_train_options<DenoiserTrainOptions>(resolved, request.source), resolved, request);
}

}  // namespace alea
