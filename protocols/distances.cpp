#include "protocols/distances.h"

#include "protocols/set_metrics.h"

namespace alea {
namespace {

constexpr const char* kUnit = "squared feature distance";

}  // namespace

std::string distance_name(const std::string& network, const std::string& rest) {
  return MetricNames{network == "inception" ? "" : network, ""}.of("fid") + "." + rest;
}

MetricRow distance_row(std::string name, const SubsetDistance& distance, std::uint64_t n) {
  MetricRow row;
  row.name = std::move(name);
  row.value = distance.value;
  row.unit = kUnit;
  row.n = n;
  row.interval = jackknife_interval(distance.value, distance.leave_one_out);
  row.leave_one_out = distance.leave_one_out;
  return row;
}

MetricRow gain_row(std::string name, const SubsetDistance& before, const SubsetDistance& after, std::uint64_t n) {
  SubsetDistance gain{before.value - after.value, {}};
  for (std::size_t g = 0; g < after.leave_one_out.size(); ++g)
    gain.leave_one_out.push_back(before.leave_one_out.at(g) - after.leave_one_out[g]);
  MetricRow row = distance_row(std::move(name), gain, n);
  row.direction = Direction::higher;
  return row;
}

}  // namespace alea
