#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/philox.h"
#include "protocols/array_names.h"
#include "protocols/gallery_arrays.h"
#include "protocols/reconstruction.h"
#include "protocols/reconstruction_input.h"
#include "protocols/run_cost.h"
#include "protocols/sparsification_rows.h"

namespace alea {
namespace {

constexpr const char* kRandomMap = "random.map";

/// A map that knows nothing of the image: its area is that of chance.
StatisticMaps random_maps(const ReconstructionInput& input, std::uint64_t seed) {
  StatisticMaps out{kRandomMap, std::vector<float>(input.errors.size()), {}};
  for (std::size_t i = 0; i < input.ids.size(); ++i)
    fill_normal({.seed = seed, .stream = Stream::random_score, .id = input.ids[i]},
                std::span(out.values).subspan(i * input.elements, input.elements));
  return out;
}

std::vector<double> rmse_of_images(const ReconstructionInput& input) {
  std::vector<double> out;
  for (std::size_t i = 0; i < input.ids.size(); ++i) {
    double sum = 0;
    for (const float error : std::span(input.errors).subspan(i * input.elements, input.elements)) sum += double{error} * error;
    out.push_back(std::sqrt(sum / static_cast<double>(input.elements)));
  }
  return out;
}

/// The mean over images, with its jackknife by id.
MetricRow rmse_row(const ReconstructionInput& input, const ReconstructionOptions& options, const std::vector<double>& rmse) {
  const char* unit = options.scale == "released" ? "range of 255 against 1" : "range of 1";
  MetricRow row = metric_row("rmse", Direction::lower, unit, input.ids.size());
  row.interval = mean_with_jackknife(rmse, input.ids, row.leave_one_out, "rmse");
  row.value = row.interval->value;
  row.details = {{"group", "reconstruction"}, {"note", "mean over images"}};
  return row;
}

void add_curves(const std::string& statistic, const Json& curves, ArrayMap& out) {
  for (const auto& [kind, parts] : curves.items())
    for (const auto& [part, values] : parts.items()) {
      const auto numbers = values.get<std::vector<double>>();
      out[fmt::format("sparsification/{}/{}/{}", statistic, kind, part)] = make_array<double>(numbers, {numbers.size()});
    }
}

bool is_headline(const std::string& name, const ReconstructionOptions& options) {
  const std::string suffix = options.errors.front() + "." + options.conventions.front(),
                    way = options.aggregate == "pooled" ? "pooled." : "";
  return name == "ause." + way + suffix || name == "aurg." + way + suffix;
}

/// The rows of one statistic, "ause.rmse.poggi50.aleatoric.variance"; those of /rank_by also as the headline, without its name.
void add_statistic(const ReconstructionInput& input, const StatisticMaps& statistic, const ReconstructionOptions& options,
                   std::vector<MetricRow>& headline, std::vector<MetricRow>& rows, ArrayMap& curves) {
  const SparsificationRows made = sparsification_rows({input.errors, statistic.values, {}, input.ids, options.zero_images},
                                                      {options.conventions, options.errors});
  for (const MetricRow& row : made.rows) {
    if (statistic.name == options.rank_by && is_headline(row.name, options)) {
      headline.push_back(row);
      headline.back().details["group"] = "headline";
      headline.back().details["note"] =
          options.rank_by + (options.aggregate == "pooled" ? ", all elements together" : ", mean over images");
    }
    rows.push_back(row);
    rows.back().name += "." + statistic.name;
    rows.back().details["group"] = statistic.name == kRandomMap ? "controls" : "estimators";
  }
  add_curves(statistic.name, made.curves, curves);
}

void fill_counts(const ReconstructionInput& input, const Store& store, const ReconstructionOptions& options,
                 const Components& components, Record& record) {
  record.samples = {{"planned", options.images},
                    {"complete", store.n_samples()},
                    {"non_finite", input.non_finite},
                    {"non_finite_limit", options.non_finite_limit}};
  record.cost = cost_of(components);
  record.departures = reconstruction_departures(options, components);
  if (input.non_finite > options.non_finite_limit)
    record.invalid_reasons.push_back(fmt::format("{} reconstructions aren't finite, more than the limit of {}; they are left out",
                                                 input.non_finite, options.non_finite_limit));
}

void add_per_image_arrays(const ReconstructionInput& input, const Store& store, const std::vector<double>& rmse,
                          const Components& components, ArrayMap& out) {
  out["ids"] = make_array<std::uint64_t>(input.ids, {input.ids.size()});
  out["rmse"] = make_array<double>(rmse, {rmse.size()});
  for (const std::string& statistic : components.statistics())
    out["step_scores/" + statistic] = store.gather(array_names::kBlocks, array_names::scores(statistic));
}

}  // namespace

ArrayMap score_reconstruction(const Store& store, const ReconstructionOptions& options, const Components& components,
                              Record& record) {
  ReconstructionInput input = read_reconstruction_input(store, options, components);
  fill_counts(input, store, options, components, record);
  ArrayMap out;
  if (input.ids.empty()) {
    record.invalid_reasons.push_back("no reconstruction is finite");
    return out;
  }
  const std::vector<double> rmse = rmse_of_images(input);
  add_per_image_arrays(input, store, rmse, components, out);
  input.statistics.push_back(random_maps(input, options.seed));
  std::vector<MetricRow> headline, rows;
  for (const StatisticMaps& statistic : input.statistics) {
    add_statistic(input, statistic, options, headline, rows, out);
    if (statistic.name == options.rank_by) out.merge(gallery_arrays(store, input.ids, statistic.scores, statistic.name));
  }
  if (headline.empty())
    record.invalid_reasons.push_back(options.rank_by +
                                     " has no maps, so there is nothing to sparsify by; choose another /rank_by");
  headline.push_back(rmse_row(input, options, rmse));
  record.metrics = std::move(headline);
  record.metrics.insert(record.metrics.end(), rows.begin(), rows.end());
  return out;
}

std::vector<std::string> reconstruction_departures(const ReconstructionOptions& options, const Components& components) {
  std::vector<std::string> out;
  const std::string kind = components.model.at("kind").get<std::string>();
  if (kind.starts_with("toy") || components.model.value("manifest", "").starts_with("embedded/"))
    out.push_back("The model isn't one of the paper's networks.");
  if (components.n_steps != 50) out.push_back(fmt::format("The sampler takes {} steps; the paper takes 50.", components.n_steps));
  out.push_back(options.noise_level == "time"
                    ? "Images are noised to the level of the step that denoising begins with; the released code noises to t = 10 "
                      "and begins at t = 450."
                    : "Images are noised to the level of the time that equals the solver index of the step that denoising begins "
                      "with, as in the released code: nearly clean images are taken for noisy ones.");
  out.push_back(
      options.scale == "unit"
          ? "Errors and images are in one scale, a range of 1; the released code takes images of 0..1 from ones of 0..255."
          : "Errors are of originals in a range of 1 against reconstructions in a range of 255, and they and the maps are "
            "16-bit floats, as in the released code: they say how bright an image is.");
  if (options.aggregate == "images")
    out.push_back("The areas of the headline are means over images; the paper's are of all elements together (the pooled rows).");
  if (options.zero_images != 0)
    out.push_back(
        fmt::format("The pooled rows hold {} images more, of no error and no uncertainty, as the released code pools rows "
                    "that it never filled.",
                    options.zero_images));
  if (options.noise_time != 0.5)
    out.push_back(fmt::format("Images are noised to {} T; the paper noises to T/2.", options.noise_time));
  return out;
}

}  // namespace alea
