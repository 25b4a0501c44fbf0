#include "results/reproduction.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace alea {
namespace {

constexpr double kPower = 0.8, kTwoSided = 0.975;
constexpr std::uint64_t kSamplesPerDimension = 4;  // fewer, and a covariance is mostly noise
constexpr const char* kPublishedNetwork = "inception";

const MetricRow* find_metric(const Record& record, const std::string& name) {
  const auto it = std::find_if(record.metrics.begin(), record.metrics.end(), [&](const MetricRow& r) { return r.name == name; });
  return it == record.metrics.end() ? nullptr : &*it;
}

Json features_of(const Record& record) { return record.data.value("features", Json::object()); }

/// Why ours isn't the published quantity; empty where it is.
std::string why_incomparable(const PublishedCell& published, const MetricRow& row, const Record& record) {
  if (published.status == CellStatus::not_sound) return published.reason;
  if (!row.value) return row.why_null;
  const std::string network = features_of(record).value("network", kPublishedNetwork);
  if (network != kPublishedNetwork) return fmt::format("features of {}, not of the published Inception network", network);
  return "";
}

/// Why the difference decides nothing; empty where it does.
std::string why_undecided(const MetricRow& row, const Record& record) {
  if (!record.invalid_reasons.empty()) return "the record is INVALID";
  if (!row.interval || !(row.interval->standard_error > 0)) return "there is no interval";
  const Json features = features_of(record);
  if (!features.empty() && !features.contains("width")) return "the record doesn't say how many dimensions its features have";
  const auto width = features.value("width", std::uint64_t{0});
  if (row.n < kSamplesPerDimension * width)
    return fmt::format("N is less than {} d = {}", kSamplesPerDimension, kSamplesPerDimension * width);
  return "";
}

/// Names of the rows that records put first, in the order in which they first appear.
std::vector<PublishedColumn> headline_columns(const std::vector<ReproductionRow>& rows) {
  std::vector<PublishedColumn> out;
  for (const ReproductionRow& row : rows) {
    if (row.record == nullptr) continue;
    for (const MetricRow& metric : row.record->metrics) {
      const bool is_known = std::any_of(out.begin(), out.end(), [&](const PublishedColumn& c) { return c.name == metric.name; });
      if (!is_known && metric.details.value("group", "") == "headline")
        out.push_back({metric.name, metric.name, metric.direction});
    }
  }
  return out;
}

/// Columns that a row's bindings name and a table that isn't printed hasn't.
std::vector<PublishedColumn> columns_of(const PublishedTable* published, const std::vector<ReproductionRow>& rows) {
  return published == nullptr ? headline_columns(rows) : published->columns;
}

std::string metric_for(const ReproductionRow& row, const std::string& column, bool is_printed) {
  const auto it = row.metrics.find(column);
  if (it != row.metrics.end()) return it->second;
  return is_printed ? "" : column;
}

}  // namespace

double minimal_detectable_effect(double standard_error) {
  constexpr double kDegrees = kJackknifeGroups - 1;
  return (student_t_quantile(kTwoSided, kDegrees) + student_t_quantile(kPower, kDegrees)) * standard_error;
}

ReproducedCell reproduced_cell(const PublishedCell& published, const std::string& metric, const Record* record) {
  ReproducedCell cell{published, metric, {}, {}, {}, {}, {}};
  const MetricRow* row = record == nullptr || metric.empty() ? nullptr : find_metric(*record, metric);
  if (row == nullptr) return cell;
  cell.row = *row;
  if (row->interval) cell.detectable = minimal_detectable_effect(row->interval->standard_error);
  if (!published.value) return cell;
  cell.no_verdict = why_incomparable(published, *row, *record);
  if (!cell.no_verdict.empty()) return cell;
  cell.difference = *row->value - *published.value;
  cell.no_verdict = why_undecided(*row, *record);
  if (cell.no_verdict.empty())
    cell.errors_off = std::max(0.0, std::abs(*cell.difference) - published.rounding) / row->interval->standard_error;
  return cell;
}

ReproducedTable reproduced_table(const std::string& name, const PublishedTable* published, std::vector<ReproductionRow> rows) {
  ReproducedTable out{name, published == nullptr ? "" : published->title, columns_of(published, rows), {}};
  for (ReproductionRow& row : rows) {
    const PublishedRow* printed = published == nullptr ? nullptr : published->find_row(row.name);
    ReproducedRow made{std::move(row), {}};
    for (std::size_t c = 0; c < out.columns.size(); ++c)
      made.cells.push_back(reproduced_cell(printed == nullptr ? PublishedCell{} : printed->cells[c],
                                           metric_for(made.source, out.columns[c].name, published != nullptr),
                                           made.source.record.get()));
    out.rows.push_back(std::move(made));
  }
  return out;
}

namespace {

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

const char* status_name(CellStatus status) {
  return status == CellStatus::compared ? "compared" : status == CellStatus::not_sound ? "void" : "absent";
}

Json published_json(const PublishedCell& cell) {
  return {{"value", or_null(cell.value)},
          {"status", status_name(cell.status)},
          {"reason", cell.reason.empty() ? Json() : Json(cell.reason)},
          {"rounding", cell.value ? Json(cell.rounding) : Json()},
          {"notes", cell.notes}};
}

Json ours_json(const ReproducedCell& cell) {
  if (!cell.row) return Json();
  const auto& interval = cell.row->interval;
  return {{"value", or_null(cell.row->value)},
          {"why_null", cell.row->value ? Json() : Json(cell.row->why_null)},
          {"interval", interval ? Json{{"low", interval->low}, {"high", interval->high}} : Json()},
          {"standard_error", interval ? Json(interval->standard_error) : Json()},
          {"n", cell.row->n},
          {"minimal_detectable_effect", or_null(cell.detectable)}};
}

Json cell_json(const ReproducedCell& cell) {
  Json verdict;
  if (cell.errors_off) verdict = cell.agrees() ? "agrees" : "differs";
  return {{"published", published_json(cell.published)},
          {"metric", cell.metric.empty() ? Json() : Json(cell.metric)},
          {"ours", ours_json(cell)},
          {"difference", or_null(cell.difference)},
          {"standard_errors_off", or_null(cell.errors_off)},
          {"verdict", verdict},
          {"no_verdict", cell.no_verdict.empty() ? Json() : Json(cell.no_verdict)}};
}

Json row_json(const ReproducedRow& row, const std::vector<PublishedColumn>& columns) {
  Json cells = Json::object();
  for (std::size_t c = 0; c < columns.size(); ++c) cells[columns[c].name] = cell_json(row.cells[c]);
  const Record* record = row.source.record.get();
  return {{"row", row.source.name},
          {"model", row.source.model},
          {"data", row.source.data},
          {"size", row.source.size},
          {"valid", record == nullptr ? Json() : Json(record->invalid_reasons.empty())},
          {"invalid_reasons", record == nullptr ? Json::array() : Json(record->invalid_reasons)},
          {"why_not_run", row.source.why_not},
          {"departures", record == nullptr ? Json::array() : Json(record->departures)},
          {"config_sha256", record == nullptr ? Json() : Json(record->config_sha256)},
          {"cells", std::move(cells)}};
}

}  // namespace

Json reproduction_to_json(const std::vector<ReproducedTable>& tables, const std::string& paper) {
  Json out = {{"schema", "alea.reproduction"}, {"schema_version", 1}, {"paper", paper}, {"tables", Json::array()}};
  for (const ReproducedTable& table : tables) {
    Json rows = Json::array();
    for (const ReproducedRow& row : table.rows) rows.push_back(row_json(row, table.columns));
    out["tables"].push_back({{"table", table.name}, {"title", table.title}, {"rows", std::move(rows)}});
  }
  return out;
}

}  // namespace alea
