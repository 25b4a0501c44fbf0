#pragma once

#include <string>
#include <utility>
#include <vector>

#include "protocols/filtering_input.h"
#include "protocols/kept_rows.h"
#include "protocols/real_features.h"
#include "results/record.h"
#include "store/store.h"

namespace alea {

// What a filtering config may ask for beside the Frechet distances of one reference: /metrics, /second_reference, /retained.

void check_sets(const FilteringOptions& options, ConfigErrors& errors);

/// The keys of these options that aren't at their defaults enter what must agree.
void add_comparable_sets(const FilteringOptions& options, Json& comparable);

/// Takes those of them that aren't used out of a resolved config: a folder made before there were any keeps its identity.
void leave_out_unused_sets(const FilteringOptions& options, Json& config);

/// Appends the rows and arrays that are asked for; `record` says what they were measured against. Errors as those of the files.
void add_set_rows(const Store& store, const FilteringInput& input, const FilteringOptions& options,
                  const FrechetReference& reference, Record& record, ArrayMap& curves);

/// Patterns of the names, see list_metrics().
std::vector<std::pair<std::string, std::string>> filtering_set_metrics();

// One family each.

/// precision, recall, density and coverage of random subsets and of every kept set; subsets/random_<metric> f64 [R].
void add_manifold_rows(const FilteringInput& input, const FilteringOptions& options, const RealFeatures& real,
                       std::vector<MetricRow>& rows, ArrayMap& curves);

/// The unbiased kernel distance of random subsets (their mean, which is that of all images) and of every kept set.
void add_kernel_rows(const FilteringInput& input, const FilteringOptions& options, const RealFeatures& real,
                     std::vector<MetricRow>& rows);

/// What the size of a random or a kept set adds to its Frechet distance on average, and the difference: a gain of that size says
/// nothing.
void add_bias_rows(const FilteringInput& input, const FilteringOptions& options, std::vector<MetricRow>& rows);

/// Frechet distances of all, random and kept images under other names: of other features, or to another reference.
void add_distance_rows(const FilteringInput& input, const FilteringOptions& options, const KeptNames& names,
                       const FeatureView& features, const FrechetReference& reference, std::vector<MetricRow>& rows);

/// retained/shares f64 [K], retained/n u64 [1], retained/fd.<s>.<side> f64 [K, draws] and retained/random_fd f64 [draws].
void add_retained_curves(const FilteringInput& input, const FilteringOptions& options, const FrechetReference& reference,
                         ArrayMap& curves);

}  // namespace alea
