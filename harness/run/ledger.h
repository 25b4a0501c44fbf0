#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "core/config.h"
#include "results/estimator_table.h"

namespace alea {

/// One invocation of a command on a run's folder: what it cost, where and when. Nothing of it enters the record.
class LedgerSession {
 public:
  explicit LedgerSession(std::string command);

  /// Seconds of one stage ("generate", "features", "score") are counted while it lives.
  class Stage {
   public:
    Stage(LedgerSession& session, std::string name);
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

   private:
    LedgerSession& session_;
    std::string name_;
    double started_s_;
  };

  void set(const std::string& key, Json value) { facts_[key] = std::move(value); }
  void add_images(std::uint64_t n) { images_ += n; }

  /// {command, started, ended, seconds: {stage: s}, images, images_per_second, peak_memory_bytes, ... and circumstances()}.
  Json to_json() const;

 private:
  std::string command_, started_;
  Json facts_ = Json::object();
  std::map<std::string, double> seconds_;
  std::uint64_t images_ = 0;
};

/// Appends a session to <folder>/ledger.json {"sessions": [...]}. A ledger that can't be read is set aside as
/// ledger.json.damaged, with a warning: no result depends on it.
void append_to_ledger(const std::filesystem::path& folder, const LedgerSession& session);

struct SampleSeconds;

/// {base, estimators: [{statistics, seconds}]}
Json generation_seconds_json(const SampleSeconds& seconds);

/// What <folder>/ledger.json says of all sessions together; of those that took no time by estimator (on a GPU, or killed before
/// they could say), nothing. Empty where there is no ledger, or one that can't be read.
GenerationSeconds generation_seconds(const std::filesystem::path& folder);

}  // namespace alea
