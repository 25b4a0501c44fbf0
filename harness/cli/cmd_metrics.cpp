#include <memory>

#include "cli/args.h"
#include "core/log.h"
#include "run/measure_sets.h"
#include "run/signals.h"

namespace alea {

namespace {

constexpr const char* kSummary =
    "Measure generated images against real ones: FID, sFID, KID, Inception score, precision and recall, density and coverage, "
    "each with an "
    "interval.\n"
    "A and B are folders of PNG and JPEG files, .npz or HDF5 files with images, CIFAR-10 batches, a run's folder, a data set's "
    "name, or a file of "
    "statistics.\n"
    "Weights are yours to fetch (the message says where from); --network fmnist_cnn needs none.";

struct MetricsArguments {
  MeasureRequest request;
  MachineArguments machine;
  std::string convention = "pytorch-fid", network, weights, manifold_weights, on_error = "fail", cache, record;
  std::vector<std::string> metrics, sets;
  std::uint64_t limit = 0;
  bool json = false, flat = false, no_cache = false, no_intervals = false;
};

/// The convention, then what the command line says otherwise; all problems at once.
SetMetricsOptions resolve_options(const MetricsArguments& args) {
  Json json = to_json(conventions_of(args.convention));
  if (!args.metrics.empty()) json["metrics"] = args.metrics;
  if (!args.network.empty()) json["encoder"]["network"] = args.network;
  json["encoder"]["weights"] = args.weights;
  if (json["manifold_encoder"].is_object()) json["manifold_encoder"]["weights"] = args.manifold_weights;
  json["intervals"] = !args.no_intervals;
  for (const auto& assignment : args.sets) apply_set(json, assignment);
  ConfigErrors errors;
  const auto options = read_options<SetMetricsOptions>(json, "", errors);
  errors.throw_if_any("alea metrics");
  return options;
}

MeasureRequest resolve_request(const MetricsArguments& args) {
  MeasureRequest request = args.request;
  request.options = resolve_options(args);
  request.source.recursive = !args.flat;
  if (args.limit > 0) request.source.limit = args.limit;
  request.encode.on_error = parse_on_error(args.on_error);
  if (!args.no_cache) request.encode.cache = args.cache.empty() ? default_cache_folder() : std::filesystem::path(args.cache);
  if (request.generated.empty() && request.statistics_out.empty())
    fail(ErrorCode::usage,
         "alea metrics: nothing to do; give --gen B to measure, or --stats-out FILE to keep the statistics of --real");
  return request;
}

int measure(const MetricsArguments& args) {
  const MeasureRequest request = resolve_request(args);
  args.machine.apply_on_cpu();
  const StopOnSignal stop;
  const Record record = measure_sets(request);
  if (request.generated.empty()) return 0;
  if (!args.record.empty()) write_record(args.record, record);
  print_answer(args.json ? record_to_json(record).dump(2) : render_table(record));
  return 0;
}

void add_inputs(CLI::App& command, MetricsArguments& args) {
  command.add_option("--real", args.request.real, "Real images, or their statistics")->required();
  command.add_option("--gen", args.request.generated, "Generated images, or their statistics");
  command.add_option("--array", args.request.source.array, "npz, HDF5: the array of images, where it isn't the only one");
  command.add_option("--limit", args.limit, "Use the first N images of each side")->check(CLI::PositiveNumber);
  command.add_flag("--flat", args.flat, "Don't look into sub-folders");
  command.add_option("--on-error", args.on_error, "A bad image: fail at once, skip it and say so, or list all of them and stop")
      ->check(CLI::IsMember({"fail", "skip", "list"}))
      ->capture_default_str();
}

void add_conventions(CLI::App& command, MetricsArguments& args) {
  command
      .add_option("--metrics", args.metrics,
                  "fid, sfid, fid_inf, kid, is, prdc (default: all that the inputs allow, without fid_inf)")
      ->delimiter(',');
  command.add_option("--protocol", args.convention, "Whose conventions: pytorch-fid, torch-fidelity, clean-fid, adm")
      ->capture_default_str();
  command.add_option("--network", args.network, "inception, vgg16, torchscript, or an embedded network (fmnist_cnn)");
  command.add_option("--weights", args.weights, "Weights of the feature network (.pth, .pt, .safetensors)");
  command.add_option("--manifold-weights", args.manifold_weights,
                     "Weights of precision's and recall's network, where it is another");
  command.add_option("--set", args.sets, "Override a convention: /pointer=value (may be given again)")->expected(1)->take_all();
  command.add_flag("--no-intervals", args.no_intervals, "Values alone");
}

void add_outputs(CLI::App& command, MetricsArguments& args) {
  command.add_option("--stats-out", args.request.statistics_out, "Keep the real side's statistics (.npz; the peers read it)");
  command.add_flag("--replace", args.request.replace, "Let --stats-out replace a file");
  command.add_option("--record", args.record, "Write the record (JSON)");
  command.add_flag("--json", args.json, "Print the record instead of the table");
  command.add_option("--cache", args.cache, "Folder of the feature cache (default: $ALEA_CACHE or ~/.cache/alea)");
  command.add_flag("--no-cache", args.no_cache, "Keep no features; a stopped call starts again");
}

}  // namespace

void add_metrics_command(CLI::App& app, Action& action) {
  auto args = std::make_shared<MetricsArguments>();
  auto* command =
      add_command(app, "metrics", kSummary,
                  "alea metrics --real images/test --gen images/generated --weights pt_inception-2015-12-05-6726825d.pth");
  add_inputs(*command, *args);
  add_conventions(*command, *args);
  add_outputs(*command, *args);
  args->machine.add_to(*command);
  command->callback([args, &action] { action = [args] { return measure(*args); }; });
}

}  // namespace alea
