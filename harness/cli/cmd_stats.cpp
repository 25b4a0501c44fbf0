#include <cmath>
#include <memory>

#include "cli/args.h"
#include "core/config_extends.h"
#include "core/error.h"
#include "core/log.h"
#include "data/reference_stats.h"
#include "data/statistics_file.h"
#include "protocols/reference_file.h"
#include "run/reference.h"
#include "run/sample_summary.h"
#include "run/signals.h"
#include "run/statistics.h"

namespace alea {

namespace {

struct BuildArguments {
  StatisticsRequest request;
  MachineArguments machine;
  std::string network, weights, convention = "pytorch-fid", config, root, cache, on_error = "fail";
  std::vector<std::string> sets;
  std::uint64_t limit = 0;
  bool no_cache = false;
};

std::string describe(const ReferenceStats& stats) {
  double trace = 0, norm = 0;
  const std::size_t d = stats.mean.size();
  for (std::size_t i = 0; i < d; ++i) {
    trace += stats.covariance[i * d + i];
    norm += stats.mean[i] * stats.mean[i];
  }
  return fmt::format(
      "set        {} (sha256 {:.12})\nnetwork    {} (sha256 {:.12})\nimages     {}\nwidth      {}\n|mean|     {:.6g}\ntrace      "
      "{:.6g}\nfile       sha256 {}\n",
      stats.set, stats.set_sha256, stats.network, stats.network_sha256.empty() ? "none" : stats.network_sha256, stats.n, d,
      std::sqrt(norm), trace, stats.sha256);
}

/// Network and place of the file, as the config wants them.
void take_from_config(BuildArguments& args) {
  const Json config = read_config_file(args.config);
  const auto text = [&](const char* key) {
    if (!config.is_object() || !config.contains(key) || !config[key].is_string())
      fail(ErrorCode::config, "{}: /{}: expected a text, found {}; give --network and --out instead of --for", args.config, key,
           config.is_object() && config.contains(key) ? config[key].dump() : "nothing");
    return config[key].get<std::string>();
  };
  if (args.network.empty()) args.network = text("features");
  if (!args.request.out.empty()) return;
  if (text("reference") == "self") fail(ErrorCode::config, "{}: /reference: \"self\" needs no file", args.config);
  args.request.out = reference_path(text("reference"));
}

/// The convention, then what the command line says otherwise; all problems at once.
EncoderOptions resolve_encoder(const BuildArguments& args) {
  SetMetricsOptions options = conventions_of(args.convention);
  Json json = to_json(options.encoder);
  if (!args.network.empty()) json["network"] = args.network;
  json["weights"] = args.weights;
  for (const auto& assignment : args.sets) apply_set(json, assignment);
  ConfigErrors errors;
  const auto encoder = read_options<EncoderOptions>(json, "", errors);
  errors.throw_if_any("alea stats build");
  return encoder;
}

void build_small(const BuildArguments& args) {
  const auto& sets = args.request.sets;
  if (sets.size() != 1 || args.limit > 0 || args.request.images > 0)
    fail(ErrorCode::usage, "{}: safetensors hold the moments of one whole set; name the file .npz", args.request.out.string());
  write_reference_stats(args.request.out, reference_of_set(sets.front(), args.root, args.network));
  print_answer(describe(load_reference_stats(args.request.out)));
}

int build(BuildArguments args) {
  if (!args.config.empty()) take_from_config(args);
  if (args.request.out.empty()) fail(ErrorCode::usage, "alea stats build: give --out FILE, or --for CONFIG");
  args.machine.apply_on_cpu();
  const StopOnSignal stop;
  if (args.request.out.extension() == ".safetensors") {
    build_small(args);
    return 0;
  }
  args.request.encoder = resolve_encoder(args);
  args.request.convention = args.convention;
  args.request.source.root = args.root;
  if (args.limit > 0) args.request.source.limit = args.limit;
  args.request.encode.on_error = parse_on_error(args.on_error);
  if (!args.no_cache) args.request.encode.cache = args.cache.empty() ? default_cache_folder() : std::filesystem::path(args.cache);
  build_statistics(args.request);
  log_info("{}", args.request.out.string());
  print_answer(describe_statistics(load_statistics(args.request.out)));
  return 0;
}

void add_build_outputs(CLI::App& command, BuildArguments& args) {
  command.add_option("--out", args.request.out, "File to write: .npz, or .safetensors of an embedded network or pixels");
  command.add_option("--for", args.config, "The file that this config's /reference names, of its /features");
  command.add_flag("--replace", args.request.replace, "Replace a file that is there");
  command.add_option(
      "--images", args.request.images,
      "Keep N images beside the moments (arr_0), drawn by lot: precision and recall of alea and of ADM's evaluator");
  command.add_option("--cache", args.cache, "Folder of the feature cache (default: $ALEA_CACHE or ~/.cache/alea)");
  command.add_flag("--no-cache", args.no_cache, "Keep no features; a stopped call starts again");
}

void add_build(CLI::App& parent, Action& action) {
  auto args = std::make_shared<BuildArguments>();
  auto* command = add_command(
      parent, "build",
      "Fit the Gaussian of real images' features, for protocols and metrics to measure against. Of several sets all images "
      "count\n"
      "together. The .npz is read by pytorch-fid, clean-fid, EDM and ADM's evaluator too. A stopped call goes on where it was.",
      "alea stats build cifar10/train --for protocols/configs/paper/cifar10.ddpm.json");
  command->add_option("DATASET", args->request.sets, "Data sets (alea list datasets), folders, .npz, HDF5 or CIFAR-10 batches")
      ->required();
  command->add_option("--network", args->network, "inception (default), vgg16, torchscript, an embedded network, or pixels");
  command->add_option("--weights", args->weights, "Weights of the network (default: what scripts/fetch got)");
  command->add_option("--protocol", args->convention, "Whose resize and scale: pytorch-fid, torch-fidelity, clean-fid, adm")
      ->capture_default_str();
  command->add_option("--set", args->sets, "Override an option of the network: /pointer=value (may be given again)")
      ->expected(1)
      ->take_all();
  command->add_option("--data", args->root, "Folder with a named set's files");
  command->add_option("--array", args->request.source.array, "npz, HDF5: the array of images, where it isn't the only one");
  command->add_option("--limit", args->limit, "Use the first N images of each set")->check(CLI::PositiveNumber);
  command->add_option("--on-error", args->on_error, "A bad image: fail at once, skip it and say so, or list all of them and stop")
      ->check(CLI::IsMember({"fail", "skip", "list"}))
      ->capture_default_str();
  add_build_outputs(*command, *args);
  args->machine.add_to(*command);
  command->callback([args, &action] { action = [args] { return build(*args); }; });
}

void add_show(CLI::App& parent, Action& action) {
  auto path = std::make_shared<std::string>();
  auto* command = add_command(parent, "show", "Say what a file of reference statistics holds.",
                              "alea stats show data/embedded/fmnist_cnn.train.safetensors");
  command->add_option("FILE", *path, "Statistics: alea's safetensors, or .npz of alea, pytorch-fid, clean-fid, EDM or ADM")
      ->required();
  command->callback([path, &action] {
    action = [path] {
      const bool npz = std::filesystem::path(*path).extension() == ".npz";
      print_answer(npz ? describe_statistics(load_statistics(*path)) : describe(load_reference_stats(*path)));
      return 0;
    };
  });
}

void add_samples(CLI::App& parent, Action& action) {
  auto request = std::make_shared<SummaryRequest>();
  auto* command = add_command(parent, "samples",
                              "What a model card says of a run's images: distances to references, shares of classes (JSON).",
                              "alea stats samples runs/filtering.fmnist --network fmnist_cnn --classifier fmnist_residual "
                              "--reference embedded/fmnist_cnn.train.safetensors");
  command->add_option("RUN", request->run, "Folder of a run")->required();
  command->add_option("--count", request->count, "Its first images")->capture_default_str();
  command->add_option("--network", request->network, "Feature network of the distances")->required();
  command->add_option("--classifier", request->classifier, "Network whose classes are counted");
  command->add_option("--reference", request->references, "Statistics to measure against (may be repeated)")->required();
  command->callback([request, &action] {
    action = [request] {
      print_answer(summarise_samples(*request).dump(2) + "\n");
      return 0;
    };
  });
}

}  // namespace

void add_stats_command(CLI::App& app, Action& action) {
  auto* command = add_command(app, "stats", "Reference statistics of real images.",
                              "alea stats show data/embedded/fmnist_cnn.train.safetensors");
  command->require_subcommand(1);
  add_build(*command, action);
  add_show(*command, action);
  add_samples(*command, action);
}

}  // namespace alea
