#pragma once

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/philox.h"
#include "data/reference_stats.h"
#include "metrics/gaussian_moments.h"
#include "protocols/planted.h"
#include "protocols/protocol.h"

namespace alea {

/// A run's folder without networks: grey 4x4 images whose pixels are their features, a known part of them bad (noisy), and a
/// reference of good ones. "aleatoric.variance" is high for the bad ones, "aleatoric.centred" is its negative.
struct FakeRun {
  static constexpr std::uint64_t kSide = 4, kPixels = kSide * kSide, kSpatial = 5;  // spatial: the first pixels
  static inline const std::string kNetworkSha256 = std::string(64, '9');

  fs::path folder;
  Json config;
  std::uint64_t n = 192;
  std::uint64_t non_finite_below = 0;  ///< ids below have finite = 0 and zeros, as the runner stores them
  bool defects_show = true;            ///< false: planted features are those of the sound images
  bool random_score_knows = false;     ///< true: the control is told which images are bad
  std::string network_sha256 = kNetworkSha256;

  explicit FakeRun(const std::string& name)
      : folder(fs::temp_directory_path() / fmt::format("alea_fake_run_{}_{}", ::getpid(), name)),
        config(read_json_file(fs::path(ALEA_SOURCE_DIR) / "protocols/configs/smoke.toy.json")) {
    fs::remove_all(folder);
    fs::create_directories(folder);
    config["reference"] = (folder / "reference.safetensors").string();
  }
  virtual ~FakeRun() { fs::remove_all(folder); }

  static bool is_bad(std::uint64_t id) { return id % 7 == 3; }

  static std::vector<std::uint8_t> image(std::uint64_t id, bool bad, std::uint64_t seed) {
    std::vector<float> noise(kPixels);
    fill_normal({.seed = seed, .stream = Stream::initial_noise, .id = id}, noise);
    std::vector<std::uint8_t> out;
    for (const float z : noise) out.push_back(static_cast<std::uint8_t>(std::clamp(128 + (bad ? 60 : 20) * z, 0.0f, 255.0f)));
    return out;
  }

  static std::vector<float> features_of(const std::vector<std::uint8_t>& image) {
    std::vector<float> out;
    for (const std::uint8_t v : image) out.push_back(static_cast<float>(v) / 255);
    return out;
  }

  virtual double score(const std::string& statistic, std::uint64_t id) const {
    const double u = uniform({.seed = 5, .stream = Stream::random_score, .id = id});
    const double knowing = (is_bad(id) ? 10 : 0) + u;
    if (statistic == "aleatoric.variance") return knowing;
    if (statistic == "aleatoric.centred") return -knowing;
    if (statistic == "random.score" && random_score_knows) return knowing;
    return uniform({.seed = 6, .stream = Stream::random_score, .id = id});
  }

  virtual void add_arrays(const BlockRange&, ArrayMap&) const {}     ///< more that a block has
  virtual void add_blocks(const Store&, const BlockRange&) const {}  ///< of other kinds
  virtual void add_features(const BlockRange&, ArrayMap&) const {}   ///< and its features

  void write_reference(const std::string& network = "pixels") const {
    std::vector<float> features;
    const std::uint64_t m = 2000;
    for (std::uint64_t i = 0; i < m; ++i)
      for (const float v : features_of(image(i, false, 99))) features.push_back(v);
    const Gaussian gaussian = fit_gaussian(FeatureView{features, m, kPixels});
    ReferenceStats stats;
    stats.set = "fake/good";
    stats.set_sha256 = std::string(64, '1');
    stats.network = network;
    stats.network_sha256 = network_sha256;
    stats.n = m;
    stats.mean = gaussian.mean;
    stats.covariance = gaussian.covariance;
    write_reference_stats(folder / "reference.safetensors", stats);
  }

  ArrayMap sample_block(const BlockRange& range) const {
    std::vector<std::uint64_t> ids;
    std::vector<std::uint8_t> images, finite;
    std::map<std::string, std::vector<double>> scores;
    std::vector<float> maps;
    for (std::uint64_t id = range.first; id < range.first + range.count; ++id) {
      const bool lost = id < non_finite_below;
      ids.push_back(id);
      finite.push_back(lost ? 0 : 1);
      for (const std::uint8_t v : image(id, is_bad(id), 1)) images.push_back(lost ? 0 : v);
      maps.insert(maps.end(), kPixels, static_cast<float>(id));
      for (const char* statistic : {"aleatoric.variance", "aleatoric.centred", "free.eps_energy", "random.score"})
        for (const double share : {0.25, 0.75}) scores[statistic].push_back(lost ? 0 : share * score(statistic, id));
    }
    ArrayMap out;
    out["ids"] = make_array<std::uint64_t>(ids, {range.count});
    out["finite"] = make_array<std::uint8_t>(finite, {range.count});
    out["images"] = make_array<std::uint8_t>(images, {range.count, kSide, kSide, 1});
    out["maps/aleatoric.variance"] = make_array<float>(maps, {range.count, kSide, kSide, 1});
    for (const auto& [statistic, values] : scores) out["scores/" + statistic] = make_array<double>(values, {range.count, 2});
    add_arrays(range, out);
    return out;
  }

  ArrayMap feature_block(const BlockRange& range, const Plan& plan) const {
    const Ids all_planted = planted_ids(plan.seed, n);
    std::vector<std::uint64_t> planted;
    std::vector<float> features;
    std::vector<std::vector<float>> defects(plan.planted_strengths.size());
    for (std::uint64_t id = range.first; id < range.first + range.count; ++id) {
      const auto sound = image(id, is_bad(id), 1);
      for (const float v : features_of(sound)) features.push_back(v);
      if (!std::binary_search(all_planted.begin(), all_planted.end(), id)) continue;
      planted.push_back(id);
      for (std::size_t k = 0; k < defects.size(); ++k) {
        const auto defect = defects_show ? plant_defect(sound, plan.planted_strengths[k], plan.seed, id) : sound;
        for (const float v : features_of(defect)) defects[k].push_back(v);
      }
    }
    ArrayMap out;
    out["ids"] = sample_block(range).at("ids");
    out["features"] = make_array<float>(features, {range.count, kPixels});
    if (plan.spatial_features) {
      std::vector<float> spatial;
      for (std::uint64_t i = 0; i < range.count; ++i)
        for (std::uint64_t k = 0; k < kSpatial; ++k) spatial.push_back(features[i * kPixels + k]);
      out["spatial"] = make_array<float>(spatial, {range.count, kSpatial});
    }
    out["planted/ids"] = make_array<std::uint64_t>(planted, {planted.size()});
    for (std::size_t k = 0; k < defects.size(); ++k)
      out[fmt::format("planted/{}/features", k)] = make_array<float>(defects[k], {planted.size(), kPixels});
    add_features(range, out);
    return out;
  }

  struct Outcome {
    Record record;
    ArrayMap curves;
  };

  /// Fills the folder and scores it.
  Outcome score_all() const {
    const ResolvedConfig resolved = resolve_config(config, "fake");
    const Plan& plan = resolved.protocol->plan();
    const Store store = Store::open_or_create(folder / "run", resolved.config, n, plan.block);
    for (const BlockRange& range : store.blocks()) {
      store.put_block("blocks", range, sample_block(range));
      store.put_block("features." + plan.feature_network, range, feature_block(range, plan));
      add_blocks(store, range);
    }
    Outcome out;
    out.record.config = resolved.config;
    out.record.config_sha256 = store.config_sha256();
    out.record.comparable_sha256 = json_sha256(resolved.protocol->comparable());
    out.record.protocol = "filtering";
    out.record.preset = "paper";
    out.record.model = {{"kind", "toy_mixture"}};
    out.record.data = {{"features", {{"network", plan.feature_network}, {"network_sha256", kNetworkSha256}}}};
    out.record.provenance = Json::object();
    out.curves = resolved.protocol->score(store, out.record);
    return out;
  }
};

inline const MetricRow& row_of(const Record& record, const std::string& name) {
  for (const MetricRow& row : record.metrics)
    if (row.name == name) return row;
  fail(ErrorCode::internal, "the record has no {}", name);
}

}  // namespace alea
