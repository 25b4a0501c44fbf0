#include "run/ledger.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "core/descriptor.h"
#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "core/provenance.h"
#include "run/sample_block.h"

namespace alea {

namespace {

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

/// Shards of one run end at the same time: each must add to what the others wrote.
Descriptor wait_for_ledger(const fs::path& folder) {
  const fs::path path = folder / ".ledger.lock";
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, mode_t{0644}));
  if (file.number() == -1 || retry_interrupted([&] { return ::flock(file.number(), LOCK_EX); }) != 0)
    fail(ErrorCode::io, "{}: can't be locked: {}", path.string(), std::strerror(errno));
  return file;
}

Json read_ledger(const fs::path& path) {
  const Json empty{{"sessions", Json::array()}};
  if (!fs::exists(path)) return empty;
  try {
    Json ledger = read_json_file(path);
    if (ledger.is_object() && ledger.contains("sessions") && ledger["sessions"].is_array()) return ledger;
    fail(ErrorCode::data, "{}: expected an object with an array \"sessions\"", path.string());
  } catch (const Error& error) {
    if (error.code() == ErrorCode::io) throw;
    const fs::path aside = path.string() + ".damaged";
    log_warning("ledger damaged, set aside as {}: {}", aside.string(), error.what());
    fs::rename(path, aside);
    return empty;
  }
}

}  // namespace

LedgerSession::LedgerSession(std::string command) : command_(std::move(command)), started_(utc_now()) {}

LedgerSession::Stage::Stage(LedgerSession& session, std::string name)
    : session_(session), name_(std::move(name)), started_s_(monotonic_seconds()) {}

LedgerSession::Stage::~Stage() { session_.seconds_[name_] += monotonic_seconds() - started_s_; }

Json LedgerSession::to_json() const {
  Json out = facts_;
  out["command"] = command_;
  out["started"] = started_;
  out["ended"] = utc_now();
  out["seconds"] = seconds_;
  out["images"] = images_;
  const auto generate = seconds_.find("generate");
  const bool timed = images_ > 0 && generate != seconds_.end() && generate->second > 0;
  out["images_per_second"] = timed ? Json(static_cast<double>(images_) / generate->second) : Json();
  out["peak_memory_bytes"] = peak_memory_bytes();
  out["circumstances"] = circumstances();
  return out;
}

void append_to_ledger(const fs::path& folder, const LedgerSession& session) {
  const Descriptor lock = wait_for_ledger(folder);
  const fs::path path = folder / "ledger.json";
  Json ledger = read_ledger(path);
  ledger["sessions"].push_back(session.to_json());
  atomic_write(path, ledger.dump(2) + "\n");
}

Json generation_seconds_json(const SampleSeconds& seconds) {
  Json estimators = Json::array();
  for (const auto& estimator : seconds.estimators)
    estimators.push_back({{"statistics", estimator.statistics}, {"seconds", estimator.seconds}});
  return {{"base", seconds.base}, {"estimators", std::move(estimators)}};
}

GenerationSeconds generation_seconds(const fs::path& folder) {
  GenerationSeconds out;
  const fs::path path = folder / "ledger.json";
  if (!fs::exists(path)) return out;
  const Json ledger = read_ledger(path);
  for (const Json& session : ledger.at("sessions")) {
    const Json seconds = session.value("generation_seconds", Json());
    const auto images = session.value("images", std::uint64_t{0});
    if (!seconds.is_object() || images == 0) continue;
    out.images += images;
    out.base += seconds.at("base").get<double>();
    for (const Json& estimator : seconds.at("estimators"))
      for (const Json& statistic : estimator.at("statistics"))
        out.by_statistic[statistic.get<std::string>()] += estimator.at("seconds").get<double>();
  }
  return out;
}

}  // namespace alea
