#include <memory>

#include "cli/args.h"
#include "core/files.h"
#include "run/measure_maps.h"

namespace alea {

namespace {

constexpr const char* kSummary =
    "Judge uncertainty maps against errors, both from files that any tool wrote: AUSE and AURG with intervals, in every "
    "convention "
    "in use.\n"
    "FILE is .npy, .npz or HDF5 with arrays [n, ...], one image a row; FILE:ARRAY names one of several. Errors may be signed.";

struct AuseArguments {
  MapsRequest request;
  std::string record, curves;
  bool json = false;
};

int judge(const AuseArguments& args) {
  const MeasuredMaps found = measure_maps(args.request);
  if (!args.curves.empty()) atomic_write(args.curves, found.curves.dump(2) + "\n");
  if (!args.record.empty()) write_record(args.record, found.record);
  print_answer(args.json ? record_to_json(found.record).dump(2) : render_table(found.record));
  return 0;
}

}  // namespace

void add_ause_command(CLI::App& app, Action& action) {
  auto args = std::make_shared<AuseArguments>();
  auto* command = add_command(app, "ause", kSummary, "alea ause --errors errors.npy --uncertainty maps.h5:variance --error rmse");
  command->add_option("--errors", args->request.errors, "x - y, or its absolute value")->required();
  command->add_option("--uncertainty", args->request.uncertainty, "Larger = less certain; any scale")->required();
  command->add_option("--mask", args->request.mask, "Elements that are 0 don't count");
  command->add_option("--error", args->request.options.errors, "What is left when the uncertain is removed: rmse, mae, mse")
      ->delimiter(',');
  command->add_option("--convention", args->request.options.conventions, "poggi50 (published tables), exact, normalised")
      ->delimiter(',');
  command->add_option("--curves", args->curves, "Write the sparsification curves (JSON): method, oracle, random");
  command->add_option("--record", args->record, "Write the record (JSON)");
  command->add_flag("--json", args->json, "Print the record instead of the table");
  command->callback([args, &action] { action = [args] { return judge(*args); }; });
}

}  // namespace alea
