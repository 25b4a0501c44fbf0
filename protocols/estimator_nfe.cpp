#include "protocols/estimator_nfe.h"

#include <map>

namespace alea {

void add_estimator_nfe(const FilteringOptions& options, const Components& components, std::vector<MetricRow>& rows) {
  std::map<std::string, std::uint64_t> extra;  // a free score of the finished image is in none of them: 0
  for (const EstimatorInfo& info : components.estimator_infos)
    for (const std::string& statistic : info.statistics) extra[statistic] = static_cast<std::uint64_t>(info.extra_nfe);
  for (const FileScoresOptions& file : options.from_file) extra[file.name] = file.extra_nfe;
  for (MetricRow& row : rows) {
    if (!row.details.contains("statistic")) continue;
    const std::uint64_t nfe = extra[row.details["statistic"].get<std::string>()];
    row.details["nfe_extra"] = nfe;
    row.details["nfe_total"] = nfe + static_cast<std::uint64_t>(components.base_nfe);
  }
}

}  // namespace alea
