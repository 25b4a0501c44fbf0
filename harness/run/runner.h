#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "protocols/protocol.h"
#include "results/record.h"
#include "run/device.h"

namespace alea {

struct RunOptions {
  std::filesystem::path folder;        ///< made where it isn't there
  std::optional<std::uint64_t> limit;  ///< generate only the first so many: the record is INVALID, the folder of another identity
  std::uint32_t shard = 0, n_shards = 1;  ///< generate only blocks of this shard
  Device device;                          ///< opened (open_device); of the network alone: features are computed on the CPU
};

enum class Stages { sample, score, sample_and_score };

struct RunOutcome {
  std::optional<Record> record;  ///< absent when nothing was scored
  std::string message;           ///< why not, for people
};

/// Carries a resolved config out in a folder. Blocks that are there and whole aren't made again, so a killed, starved or
/// interrupted run goes on by the same call and ends with the same bytes. Scoring writes curves.h5, gallery.png (where the
/// protocol has one) and last record.json; every call appends to ledger.json. The folder is held exclusively (shared between
/// shards until they score): a second writer is Error{io} naming the holder. Error{interrupted} after SIGINT or SIGTERM (see
/// StopOnSignal), Error{not_comparable} for a folder of another config or with images of another numerics class.
RunOutcome carry_out(const ResolvedConfig& config, const RunOptions& options, Stages stages);

/// The config of an existing run's folder and its limit, as carry_out wants them. Error{io} when it isn't one.
struct StoredRun {
  ResolvedConfig config;
  RunOptions options;
};
StoredRun open_run(const std::filesystem::path& folder);

/// Loads everything the config names without running it: model, sampler, estimators, feature network and reference, with their
/// hashes. Returns a summary for people. Errors as those parts give them.
std::string check_run(const ResolvedConfig& config);

}  // namespace alea
