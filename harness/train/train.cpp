#include "train/train.h"

#include <algorithm>

#include "core/files.h"
#include "train/classifier_training.h"
#include "train/denoiser_training.h"
#include "train/laplace_fit.h"

namespace alea {
namespace {

const std::vector<std::string>& kinds() {
  static const std::vector<std::string> names{"denoiser", "classifier", "laplace"};
  return names;
}

/// What "train" says, one of kinds().
std::string kind_of(const Json& config, const std::string& source) {
  const bool is_there = config.is_object() && config.contains("train") && config["train"].is_string();
  const std::string kind = is_there ? config["train"].get<std::string>() : "";
  ConfigErrors errors;
  if (std::ranges::find(kinds(), kind) == kinds().end())
    errors.add("/train", "expected what is trained" + suggestion(kind, kinds()));
  errors.throw_if_any(source);
  return kind;
}

template <class Options>
Options read_train_options(const Json& config, const std::string& source) {
  ConfigErrors errors;
  auto options = read_options<Options>(config, "", errors);
  errors.throw_if_any(source);
  return options;
}

LaplaceFitOptions read_laplace_options(const Json& config, const std::string& source) {
  ConfigErrors errors;
  auto options = read_options<LaplaceFitOptions>(config, "", errors);
  if (errors.empty()) options.model = resolve_fitted_model(options.model, errors);
  errors.throw_if_any(source);
  return options;
}

}  // namespace

Json resolve_train_config(const Json& config, const std::string& source) {
  const std::string kind = kind_of(config, source);
  if (kind == "laplace") return to_json(read_laplace_options(config, source));
  if (kind == "classifier") return to_json(read_train_options<ClassifierTrainOptions>(config, source));
  return to_json(read_train_options<DenoiserTrainOptions>(config, source));
}

void train(const TrainRequest& request) {
  const Json resolved = resolve_train_config(request.config, request.source);
  std::filesystem::create_directories(request.out);
  const FolderLock lock(request.out, FolderLock::Kind::exclusive);
  remove_stale_temporaries(request.out);
  const std::string kind = kind_of(resolved, request.source);
  if (kind == "laplace")
    fit_laplace(read_laplace_options(resolved, request.source), resolved, request);
  else if (kind == "classifier")
    train_classifier(read_train_options<ClassifierTrainOptions>(resolved, request.source), resolved, request);
  else
    train_denoiser(read_train_options<DenoiserTrainOptions>(resolved, request.source), resolved, request);
}

}  // namespace alea
