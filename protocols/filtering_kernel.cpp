#include "metrics/subset_kid.h"
#include "protocols/distances.h"
#include "protocols/filtering_sets.h"
#include "protocols/set_metrics.h"

namespace alea {
namespace {

constexpr const char* kUnit = "squared maximum mean discrepancy";

MetricRow kernel_row(const KernelDistance& kernel, std::uint64_t n) {
  MetricRow row = distance_row("", kernel.distance, n);
  row.unit = kUnit;
  row.interval = kernel.interval;
  return row;
}

}  // namespace

void add_kernel_rows(const FilteringInput& input, const FilteringOptions& options, const RealFeatures& real,
                     std::vector<MetricRow>& rows) {
  const MetricNames metrics{options.features == "inception" ? "" : options.features, ""};
  const KeptNames names{metrics.of("kid"), "kernel distance"};
  const SubsetKid subsets(real.view(), input.view(), input.ids);
  const bool within_class = !input.classes.empty();
  const KernelDistance random =
      within_class ? subsets.random_within(input.classes, options.keep, options.seed, options.subsets) : subsets.all();
  MetricRow mean = kernel_row(random, options.keep);
  mean.name = names.of("random");
  mean.details = {{"group", "headline"},
                  {"real_n", real.n},
                  {"note", within_class ? fmt::format("mean of {} subsets within classes", options.subsets)
                                        : "of all images: the mean over all subsets of a size, the estimate being unbiased"}};
  rows.push_back(std::move(mean));
  const auto measure = [&](const StatisticScores& statistic, KeepSide side) {
    const KernelDistance kept = subsets.kept(input.ranked(statistic.scores), options.keep, side);
    KeptPair pair{kernel_row(kept, options.keep), gain_row("", random.distance, kept.distance, options.keep)};
    pair.gain.unit = kUnit;
    return pair;
  };
  add_kept_rows(input, options, names, measure, rows);
}

}  // namespace alea
