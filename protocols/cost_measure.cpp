#include "protocols/cost_measure.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"
#include "metrics/median.h"
#include "protocols/run_cost.h"

namespace alea {
namespace {

constexpr double kControlTolerance = 0.05;
constexpr const char* kNoRepeat = "no repeat is whole";
constexpr const char* kIntervalNote = "order statistics of the repeats (sign test)";

/// The median of one measured value a repeat.
MetricRow measured_row(const std::string& name, Direction direction, const char* unit, const char* group,
                       const std::vector<double>& values) {
  MetricRow row = metric_row(name, direction, unit, values.size());
  row.details = {{"group", group}, {"measured", true}};
  if (values.empty()) {
    row.why_null = kNoRepeat;
    return row;
  }
  row.value = median(values);
  row.details["least"] = *std::ranges::min_element(values);
  row.details["most"] = *std::ranges::max_element(values);
  if (values.size() < kLeastForMedianInterval) return row;
  row.interval = median_interval(values);
  row.details["interval"] = kIntervalNote;
  return row;
}

MetricRow counted_row(const std::string& name, const char* unit, std::uint64_t images, const Json& count, const Json& why_null) {
  MetricRow row = metric_row(name, Direction::none, unit, images);
  row.details = {{"group", "counts"}, {"measured", false}};
  if (count.is_number())
    row.value = count.get<double>();
  else
    row.why_null = why_null.get<std::string>();
  return row;
}

double ratio_of(double over, double under) { return over / under; }

/// Of each repeat's own plain arm, so that what slows a repeat slows both.
std::vector<double> ratios_to(const ArmTimes& plain, const ArmTimes& arm) {
  std::vector<double> out;
  std::ranges::transform(arm.seconds, plain.seconds, std::back_inserter(out), ratio_of);
  return out;
}

MetricRow ratio_row(const ArmTimes& plain, const ArmTimes& arm, const ArmCounts& counts) {
  const bool is_control = arm.name == kControlArm;
  MetricRow row =
      measured_row("ratio." + arm.name, Direction::lower, "1", is_control ? "controls" : "headline", ratios_to(plain, arm));
  const Components& c = counts.components;
  const double nfe_ratio = static_cast<double>(c.total_nfe()) / c.base_nfe;
  row.details["nfe_ratio"] = nfe_ratio;
  row.details["images_of_plain"] = arm.images == plain.images;
  std::string note = is_control ? "plain once more" : fmt::format("by NFE {:.3f}", nfe_ratio);
  if (counts.published_seconds.size() == 2) {
    const double published = counts.published_seconds[1] / counts.published_seconds[0];
    row.details["published"] = published;
    row.details["published_seconds"] = counts.published_seconds;
    note += fmt::format(", published {:.3f}", published);
  }
  row.details["note"] = note;
  return row;
}

std::vector<MetricRow> rows_of_seconds(const ArmTimes& arm, const Json& cost, std::uint64_t images) {
  MetricRow seconds = measured_row("seconds." + arm.name, Direction::lower, "s", "seconds", arm.seconds);
  const Json& flops = cost.at("flops");
  if (seconds.value && flops.is_object())
    seconds.details["flop_per_second"] = flops.at("total").get<double>() * static_cast<double>(images) / *seconds.value;
  std::vector<double> rates;
  for (const double s : arm.seconds) rates.push_back(static_cast<double>(images) / s);
  return {seconds, measured_row("images_per_second." + arm.name, Direction::higher, "1/s", "images per second", rates)};
}

/// The most of any session: one warming up shows one peak.
MetricRow memory_row(const std::string& name, const std::vector<double>& bytes) {
  constexpr double kMebibyte = 1 << 20;
  MetricRow row = metric_row(name, Direction::lower, "MiB", bytes.size());
  row.details = {{"group", "memory"}, {"measured", true}};
  const double least = bytes.empty() ? 0 : *std::ranges::min_element(bytes);
  if (least > 0)
    row.value = *std::ranges::max_element(bytes) / kMebibyte;
  else
    row.why_null = bytes.empty() ? kNoRepeat : "the system doesn't let a process start its peak anew";
  return row;
}

std::vector<MetricRow> memory_rows(const ArmTimes& arm) {
  std::vector<MetricRow> out{memory_row("peak_memory." + arm.name, arm.peak_memory)};
  const bool on_device = std::ranges::any_of(arm.device_memory, [](double b) { return b > 0; });
  if (on_device) out.push_back(memory_row("device_memory." + arm.name, arm.device_memory));
  return out;
}

void check_control(const MetricRow& control, std::vector<std::string>& reasons) {
  if (!control.interval) return;
  const auto& [value, error, low, high] = *control.interval;
  if (low <= 1 + kControlTolerance && high >= 1 - kControlTolerance) return;
  reasons.push_back(fmt::format(
      "the machine was disturbed: plain sampling takes {:.3f} ({:.3f} to {:.3f}) times as long as itself", value, low, high));
}

void check_measurements(const CostInput& input, std::vector<std::string>& reasons) {
  if (input.repeats == 0) reasons.push_back("no repeat is whole: not every arm was timed");
  if (input.machines > 1)
    reasons.push_back(fmt::format(
        "measurements of {} machines, devices or numbers of threads lie in one folder; time all arms on one", input.machines));
  if (!input.unequal.empty())
    reasons.push_back(
        fmt::format("the images of {} differ between repeats, so not the same work was timed", fmt::join(input.unequal, ", ")));
}

}  // namespace

std::vector<MetricRow> cost_rows(const CostInput& input, const std::vector<ArmCounts>& arms, std::uint64_t images,
                                 std::vector<std::string>& reasons) {
  ALEA_CHECK(input.arms.size() == arms.size() && arms.size() >= 2, "{} arms timed, {} counted", input.arms.size(), arms.size());
  check_measurements(input, reasons);
  std::vector<MetricRow> ratios, seconds, counts, memory;
  const auto append = [](std::vector<MetricRow>& to, std::vector<MetricRow> more) {
    std::ranges::move(more, std::back_inserter(to));
  };
  for (std::size_t i = 0; i < arms.size(); ++i) {
    const ArmTimes& arm = input.arms[i];
    const Json cost = cost_of(arms[i].components), flops = cost.at("flops");
    if (i > 0) ratios.push_back(ratio_row(input.arms.front(), arm, arms[i]));
    append(seconds, rows_of_seconds(arm, cost, images));
    if (arm.name == kControlArm) continue;
    counts.push_back(counted_row("nfe." + arm.name, "1", images, cost.at("total"), nullptr));
    const Json giga = flops.is_object() ? Json(flops.at("total").get<double>() / 1e9) : Json();
    counts.push_back(counted_row("flops." + arm.name, "GFLOP", images, giga, cost.value("flops_why_null", Json())));
    append(memory, memory_rows(arm));
  }
  check_control(ratios.back(), reasons);
  append(ratios, std::move(seconds));
  append(ratios, std::move(counts));
  append(ratios, std::move(memory));
  return ratios;
}

}  // namespace alea
