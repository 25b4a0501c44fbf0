#pragma once

#include <string>
#include <vector>

#include "hdf5/hdf5.h"
#include "metrics/selection.h"
#include "results/record.h"

namespace alea {

/// The features of two arms that began at the same x_T, without a guide and with one. Ids with a value that isn't finite in
/// either have no row.
struct PairedArms {
  std::vector<std::uint64_t> ids;  ///< [n] ascending
  std::uint64_t non_finite = 0;    ///< ids left out
  std::size_t d = 0;
  std::vector<float> unguided, guided;               ///< [n, d] each: row i of both began at the same x_T
  std::vector<double> ratios;                        ///< [n]: |e' - e| / |e|, the mean over the guided steps
  std::vector<std::uint32_t> planted_rows;           ///< ascending
  std::vector<std::vector<float>> planted_features;  ///< one [planted_rows, d] a strength, of guided images with a defect

  FeatureView view(const std::vector<float>& features) const { return {features, ids.size(), d}; }
};

/// Whether a jackknife can be had.
bool every_group_has_an_id(const PairedArms& arms);

/// A row of scores/guidance.ratio, its mean over the guided steps.
double mean_ratio(const Array& ratios, std::uint64_t i);

/// The statistics that /reference names, or those of the unguided images where it says "self", and which of them in the record's
/// data. They are of `network`, which was compared with the file's before anything was generated.
FrechetReference reference_of_arms(const std::string& reference, const std::string& network, const PairedArms& input,
                                   Record& record);

/// Where features and reference aren't the paper's, a sentence each.
void add_distance_departures(const std::string& network, const std::string& reference, std::vector<std::string>& out);

/// Of all rows.
SubsetDistance arm_distance(const std::vector<float>& features, const PairedArms& input, const FrechetReference& reference);

/// unguided - guided, paired by id, with the randomisation test of `swaps` deals of each id's two images to the arms by lot.
MetricRow guided_gain_row(std::string name, const PairedArms& input, const SubsetDistance& unguided, const SubsetDistance& guided,
                          const FrechetReference& reference, std::uint64_t seed, std::uint32_t swaps);

/// Mean over the images, with the jackknife over the same groups as the distances.
MetricRow ratio_row(std::string name, const PairedArms& input);

/// gain.fd.<net>.oracle.<strength>: what taking planted defects away from the guided images gains, `sound` being the distance
/// without any; a middle strength that isn't seen goes to `reasons`.
std::vector<MetricRow> oracle_rows(const PairedArms& input, const std::string& network, const std::vector<double>& strengths,
                                   const FrechetReference& reference, const SubsetDistance& sound,
                                   std::vector<std::string>& reasons);

}  // namespace alea
