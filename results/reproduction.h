#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "results/published.h"
#include "results/record.h"

namespace alea {

/// One row to put beside a paper's: what ran, or why nothing did.
struct ReproductionRow {
  std::string name;   ///< the system, as the paper's rows are named here
  std::string model;  ///< as tables call it
  std::string data;
  std::string size;                                 ///< smoke, committed or paper
  std::shared_ptr<const Record> record;             ///< null: not run
  std::vector<std::string> why_not;                 ///< then why
  std::map<std::string, std::string> metrics = {};  ///< column -> name of the record's row
};

/// What we say of one cell beside the paper's.
struct ReproducedCell {
  PublishedCell published;
  std::string metric;                ///< row of the record; empty: the column has none
  std::optional<MetricRow> row;      ///< null: not run, or the record has no such row
  std::optional<double> detectable;  ///< smallest difference that this run would find in 80% of cases, two-sided at 5%
  std::optional<double> difference;  ///< ours - published, where the two compare
  std::optional<double> errors_off;  ///< |difference| beyond the published rounding, in our standard errors; null: no verdict
  std::string no_verdict;            ///< why not, where a published value is there
  bool agrees() const { return errors_off && row->interval && *errors_off * row->interval->standard_error <= half_width(); }
  double half_width() const { return (row->interval->high - row->interval->low) / 2; }
};

struct ReproducedRow {
  ReproductionRow source;
  std::vector<ReproducedCell> cells;  ///< one a column
};

/// A table as the paper has it, ours in it.
struct ReproducedTable {
  std::string name, title;
  std::vector<PublishedColumn> columns;
  std::vector<ReproducedRow> rows;
};

/// (t_{0.975, 31} + t_{0.8, 31}) standard errors.
double minimal_detectable_effect(double standard_error);

/// A cell. There is a difference only where the published cell is sound and the record measures the same thing; a verdict only
/// where besides that the record is VALID, there is an interval, and N >= 4 d for features of d dimensions.
ReproducedCell reproduced_cell(const PublishedCell& published, const std::string& metric, const Record* record);

/// `published` null: a table that the paper doesn't print as numbers; its columns are the headlines of the records.
ReproducedTable reproduced_table(const std::string& name, const PublishedTable* published, std::vector<ReproductionRow> rows);

enum class TableFormat { terminal, markdown, latex };

/// Each cell: the paper's value, in parentheses where it isn't compared; ours; its interval; N and the detectable effect; the
/// verdict. Reasons, notes, departures and what is missing are footnotes. `colour`: grey what isn't compared (terminal).
std::string render_reproduction(const std::vector<ReproducedTable>& tables, TableFormat format, bool colour);

/// The same for machines.
Json reproduction_to_json(const std::vector<ReproducedTable>& tables, const std::string& paper);

}  // namespace alea
