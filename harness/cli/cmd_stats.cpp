#include <cmath>
#include <memory>

#include "cli/args.h"
#include "core/log.h"
#include "data/reference_stats.h"
#include "data/statistics_file.h"
#include "run/reference.h"
#include "run/sample_summary.h"

namespace alea {

namespace {

struct BuildArguments {
  std::string set, network, out, root;
  MachineArguments machine;
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

int build(const BuildArguments& args) {
  args.machine.apply_on_cpu();
  write_reference_stats(args.out, reference_of_set(args.set, args.root, args.network));
  print_answer(describe(load_reference_stats(args.out)));
  return 0;
}

void add_build(CLI::App& parent, Action& action) {
  auto args = std::make_shared<BuildArguments>();
  auto* command = add_command(parent, "build", "Fit the Gaussian of a data set's features, for protocols to measure against.",
                              "alea stats build --set fashion-mnist/train --network fmnist_cnn --out train.safetensors");
  command->add_option("--set", args->set, "Data set and split (alea list datasets)")->required();
  command->add_option("--network", args->network, "Feature network, or pixels")->required();
  command->add_option("--out", args->out, "File to write (safetensors)")->required();
  command->add_option("--data", args->root, "Folder with the set's files");
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
