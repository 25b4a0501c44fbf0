#include "protocols/filtering_input.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "metrics/class_selection.h"
#include "protocols/array_names.h"
#include "protocols/free_scores.h"
#include "protocols/half.h"
#include "protocols/realism_scores.h"
#include "protocols/stored_arrays.h"

namespace alea {
namespace {

/// Everything stored for images 0..n-1, before those that aren't finite are left out.
struct StoredRows {
  std::vector<std::uint8_t> usable;
  Array features;
  std::vector<StatisticScores> statistics;
  std::vector<Json> file_facts;
  std::optional<Array> labels;
  Json realism_facts;
};

void read_images(const Store& store, StoredRows& rows) {
  StatisticScores variation{kTotalVariation, {}}, edges{kEdges, {}};
  for (const BlockRange& range : store.blocks()) {
    const ArrayMap block = store.get_block(array_names::kBlocks, range);
    const Array& images = block.at(array_names::kImages);
    const Array& finite = block.at(array_names::kFinite);
    expect_array(images, DType::u8, 4, range.count, array_names::kImages);
    expect_array(finite, DType::u8, 1, range.count, array_names::kFinite);
    const std::size_t size = images.bytes.size() / range.count;
    for (std::uint32_t i = 0; i < range.count; ++i) {
      const auto image = images.as<std::uint8_t>().subspan(i * size, size);
      variation.scores.push_back(total_variation(image, images.shape[1], images.shape[2], images.shape[3]));
      edges.scores.push_back(edge_energy(image, images.shape[1], images.shape[2], images.shape[3]));
      rows.usable.push_back(finite.as<std::uint8_t>()[i] != 0);
    }
  }
  rows.statistics.push_back(std::move(variation));
  rows.statistics.push_back(std::move(edges));
}

/// Scores of files, behind those that decided which images are usable: an image must not be lost because a tool failed on it.
void read_files(const std::vector<FileScoresOptions>& files, std::uint64_t generate, std::size_t place, StoredRows& rows) {
  for (const FileScoresOptions& options : files) {
    FileScores file = read_file_scores(options, generate, rows.usable.size());
    for (std::size_t id = 0; id < rows.usable.size(); ++id)
      if (rows.usable[id] && !std::isfinite(file.scores[id]))
        fail(ErrorCode::data, "{}: the score of image {} is {}; expected a finite number for every image that is finite itself",
             options.file, id, file.scores[id]);
    rows.file_facts.push_back(std::move(file.facts));
    rows.statistics.insert(rows.statistics.begin() + static_cast<std::ptrdiff_t>(place++),
                           {std::move(file.name), std::move(file.scores)});
  }
}

StoredRows read_rows(const Store& store, const FilteringOptions& options, const Components& components) {
  StoredRows rows;
  const std::uint64_t n = store.n_samples();
  for (const std::string& statistic : components.statistics()) {
    const std::string name = array_names::scores(statistic);
    const Array steps = store.gather(array_names::kBlocks, name);
    expect_array(steps, DType::f64, 2, n, name);
    rows.statistics.push_back({statistic, window_sums(steps, name)});
    if (options.score_precision == "float16")
      std::ranges::transform(rows.statistics.back().scores, rows.statistics.back().scores.begin(), as_half);
  }
  read_images(store, rows);
  rows.features = store.gather(array_names::features_kind(options.features), array_names::kFeatures);
  expect_array(rows.features, DType::f32, 2, n, array_names::kFeatures);
  for (std::uint64_t i = 0; i < n; ++i) {
    bool finite = all_finite(feature_row(rows.features, i));
    for (const StatisticScores& statistic : rows.statistics) finite = finite && std::isfinite(statistic.scores[i]);
    rows.usable[i] = rows.usable[i] && finite;
  }
  read_files(options.from_file, options.generate, components.statistics().size(), rows);
  if (options.realism) {
    RealismScores realism = read_realism(store, *options.realism);
    rows.statistics.push_back({realism_statistic(*options.realism), std::move(realism.scores)});
    rows.realism_facts = std::move(realism.facts);
  }
  if (options.within_class) {
    rows.labels = store.gather(array_names::kBlocks, array_names::kLabels);
    expect_array(*rows.labels, DType::u64, 1, n, array_names::kLabels);
  }
  return rows;
}

FilteringInput usable_rows(const StoredRows& rows) {
  FilteringInput out;
  out.d = rows.features.shape[1];
  for (const StatisticScores& statistic : rows.statistics) out.statistics.push_back({statistic.name, {}});
  for (std::uint64_t i = 0; i < rows.usable.size(); ++i) {
    if (!rows.usable[i]) continue;
    out.ids.push_back(i);
    if (rows.labels) out.classes.push_back(rows.labels->as<std::uint64_t>()[i]);
    const auto row = feature_row(rows.features, i);
    out.features.insert(out.features.end(), row.begin(), row.end());
    for (std::size_t s = 0; s < rows.statistics.size(); ++s) out.statistics[s].scores.push_back(rows.statistics[s].scores[i]);
  }
  out.non_finite = rows.usable.size() - out.ids.size();
  out.file_facts = rows.file_facts;
  out.realism_facts = rows.realism_facts;
  return out;
}

}  // namespace

std::vector<double> window_sums(const Array& step_scores, const std::string& name) {
  if (step_scores.dtype != DType::f64 || step_scores.shape.size() != 2)
    fail(ErrorCode::shape, "{}: expected F64 [n, W], found {} [{}]", name, dtype_name(step_scores.dtype),
         fmt::join(step_scores.shape, ", "));
  const std::uint64_t n = step_scores.shape[0], width = step_scores.shape[1];
  std::vector<double> sums(n, 0.0);
  for (std::uint64_t i = 0; i < n; ++i)
    for (const double value : step_scores.as<double>().subspan(i * width, width)) sums[i] += value;
  return sums;
}

std::vector<double> FilteringInput::ranked(const std::vector<double>& scores) const {
  return classes.empty() ? scores : class_places(scores, classes);
}

const StatisticScores& FilteringInput::statistic(const std::string& name) const {
  for (const StatisticScores& statistic : statistics)
    if (statistic.name == name) return statistic;
  fail(ErrorCode::internal, "no scores of the statistic {}", name);
}

FilteringInput read_filtering_input(const Store& store, const FilteringOptions& options, const Components& components) {
  FilteringInput out = usable_rows(read_rows(store, options, components));
  PlantedFeatures planted = read_planted(store, options.features, options.planted_strengths.size(), out.ids, out.d);
  out.planted_rows = std::move(planted.rows);
  out.planted_features = std::move(planted.features);
  return out;
}

}  // namespace alea
