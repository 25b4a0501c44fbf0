#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"
#include "protocols/realism_options.h"
#include "protocols/timing.h"
#include "results/record.h"
#include "store/store.h"
#include "uncertainty/guidance_thresholds.h"

namespace alea {

/// One of several ways to sample the same ids.
struct PlanArm {
  Json guide = nullptr;                                            ///< resolved; null: none
  std::shared_ptr<const GuidanceThresholds> thresholds = nullptr;  ///< of the guide's mask
};

/// What must be generated and stored before a protocol can score. Torch-free: run/ turns it into network calls.
struct Plan {
  std::uint64_t seed = 0;
  std::string start = "philox";  ///< where trajectories begin: by seed and id, or a set of the paper's start points
  std::uint64_t n_samples = 0;
  std::uint32_t block = 100;                                       ///< ids a file
  std::uint32_t micro_batch = 50;                                  ///< rows a network call: belongs to the result's identity
  std::string precision = "float32";                               ///< arithmetic of the network: float32, bfloat16 or float16
  Json model;                                                      ///< resolved {"kind": ...}
  Json sampler;                                                    ///< resolved
  Json estimators;                                                 ///< resolved array
  Json guide = nullptr;                                            ///< resolved; null: none
  std::shared_ptr<const GuidanceThresholds> thresholds = nullptr;  ///< of the guide's mask
  bool unguided_arm = false;                   ///< beside the guided images, those of the same ids without the guide
  std::uint64_t first_id = 0;                  ///< that of the store's row 0
  std::vector<PlanArm> arms = {};              ///< in place of the guide: n_samples rows are the same ids once an arm, arm by arm
  bool maps = true;                            ///< store uncertainty maps
  Json equal_cost_sampler = nullptr;           ///< of an arm of other images with this sampler and no estimator; null: none
  std::uint64_t equal_cost_images = 0;         ///< how many it has; its start points are those of ids n_samples and on
  std::optional<RealismOptions> realism = {};  ///< of the stored images, or none
  bool labels = false;                         ///< store the class of each image; the model must have classes
  std::string feature_network = {};            ///< "fmnist_cnn"; empty: no features
  std::uint32_t min_max_batch = 0;             ///< images stretched together before features are taken; 0: none
  std::string dataset = {};                    ///< real images to begin at, with noise added; empty: begin at noise
  int from_index = 0;                          ///< solver index where trajectories begin
  bool loop_index_noise = false;               ///< images get the noise of the time that equals from_index
  std::vector<double> planted_strengths = {};  ///< defects of the oracle control, standard deviations in grey levels; or none
  bool spatial_features = false;               ///< beside the features, those of sFID
  std::string reference_images = {};           ///< real images whose single features the protocol needs (real_features.h); or none
  std::uint64_t reference_count = 0;           ///< so many of them; 0: all
  std::optional<TimingPlan> timing = {};       ///< samples are timed generations, one a file; nothing: images

  std::uint64_t n_ids() const { return n_samples / (arms.empty() ? 1 : arms.size()); }
  std::uint64_t arm_of(std::uint64_t row) const { return arms.empty() ? 0 : row / n_ids(); }
  std::uint64_t id_of(std::uint64_t row) const { return first_id + row - arm_of(row) * n_ids(); }
};

/// Reads what a run stored and says what it means. One file a protocol.
class Protocol {
 public:
  virtual ~Protocol() = default;
  virtual const Plan& plan() const = 0;
  /// Fills metrics, invalid_reasons, departures and details of a record whose identity fields are filled already; returns the
  /// curves and per-sample arrays for curves.h5.
  virtual ArrayMap score(const Store& store, Record& record) const = 0;
  /// Looks for the files that score() reads beside the store. Error{io} or Error{data} where one is missing or doesn't fit.
  virtual void check_files() const {}
  /// Part of the resolved config that must agree between comparable runs (design §5.5).
  virtual Json comparable() const = 0;
  virtual int version() const = 0;
};

/// A config file, `extends`-free, parsed, overridden and resolved; every problem at once. Error{config}.
struct ResolvedConfig {
  Json config;                    ///< with defaults; "protocol" names the kind
  std::string source = "CONFIG";  ///< what a command line says to name it: a path and what overrides it
  std::unique_ptr<Protocol> protocol;
};
ResolvedConfig resolve_config(const Json& config, const std::string& source);

std::vector<std::pair<std::string, std::string>> list_protocols();  ///< name, summary

}  // namespace alea
