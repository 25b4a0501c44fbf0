#pragma once

#include "protocols/components.h"
#include "protocols/protocol.h"
#include "protocols/reconstruction_options.h"

namespace alea {

/// Fills metrics, reasons, departures, samples and cost of `record`; returns arrays for curves.h5: ids u64 [n], rmse f64 [n] of
/// each image, step_scores/<statistic> f64 [N, W], sparsification/<statistic>/<error>.<convention>/{removed,method,oracle,random}
/// f64 [k], the means over images; gallery/... as results/gallery.h reads them. n counts images whose values are all finite.
ArrayMap score_reconstruction(const Store& store, const ReconstructionOptions& options, const Components& components,
                              Record& record);

/// Where this run departs from the paper's Table 2, a sentence each.
std::vector<std::string> reconstruction_departures(const ReconstructionOptions& options, const Components& components);

}  // namespace alea
