#include "results/reproduction_layout.h"

#include <algorithm>

#include "results/number_text.h"

namespace alea {
namespace {

class Footnotes {
 public:
  int mark(const std::string& sentence) {
    const auto it = std::find(sentences_.begin(), sentences_.end(), sentence);
    if (it == sentences_.end()) {
      sentences_.push_back(sentence);
      return static_cast<int>(sentences_.size());
    }
    return static_cast<int>(it - sentences_.begin()) + 1;
  }
  std::vector<std::string> take() { return std::move(sentences_); }

 private:
  std::vector<std::string> sentences_;
};

/// "(3.289)" where it isn't compared.
std::string published_text(const PublishedCell& cell) {
  if (!cell.value) return "-";
  const std::string text = fixed_text(*cell.value, cell.decimals);
  return cell.status == CellStatus::compared ? text : "(" + text + ")";
}

std::string verdict_text(const ReproducedCell& cell) {
  if (!cell.difference) return "";
  const int decimals = cell.row->interval ? decimals_of(cell.row->interval->standard_error) : 4;
  const std::string text = fixed_text(*cell.difference, decimals);
  const std::string signed_text = text.starts_with('-') ? text : "+" + text;
  if (!cell.errors_off) return signed_text + ", no verdict";
  return fmt::format("{}, {}", signed_text, cell.agrees() ? "agrees" : fmt::format("differs: {:.1f} se", *cell.errors_off));
}

void add_ours(const ReproducedCell& cell, LaidOutCell& out) {
  const MetricRow& row = *cell.row;
  if (!row.value) {
    out.lines.push_back("ours null");
    return;
  }
  const int decimals = row.interval ? decimals_of(row.interval->standard_error) : 4;
  out.lines.push_back("ours " + fixed_text(*row.value, decimals));
  if (row.interval)
    out.lines.push_back(
        fmt::format("{} .. {}", fixed_text(row.interval->low, decimals), fixed_text(row.interval->high, decimals)));
  const std::string detectable = cell.detectable ? fmt::format(", MDE {}", fixed_text(*cell.detectable, decimals)) : "";
  out.lines.push_back(fmt::format("N {}{}", row.n, detectable));
}

LaidOutCell laid_out_cell(const ReproducedCell& cell, Footnotes& footnotes) {
  LaidOutCell out;
  const PublishedCell& published = cell.published;
  out.lines.push_back("paper " + published_text(published));
  out.is_grey = published.status != CellStatus::compared;
  if (published.value && !published.reason.empty()) out.marks.push_back(footnotes.mark(published.reason));
  if (published.value)
    for (const std::string& note : published.notes) out.marks.push_back(footnotes.mark(note));
  if (!cell.row) {
    if (!cell.metric.empty()) out.lines.push_back("ours -");
    return out;
  }
  add_ours(cell, out);
  if (!cell.row->value) out.marks.push_back(footnotes.mark(cell.row->why_null));
  if (const std::string verdict = verdict_text(cell); !verdict.empty()) out.lines.push_back(verdict);
  const bool is_new = !cell.no_verdict.empty() && cell.no_verdict != published.reason && cell.no_verdict != cell.row->why_null;
  if (is_new) out.marks.push_back(footnotes.mark("No verdict: " + cell.no_verdict + "."));
  return out;
}

LaidOutCell label(const ReproductionRow& row, Footnotes& footnotes) {
  LaidOutCell out{{row.model, row.data}};
  const auto mark = [&](const std::string& sentence) { out.marks.push_back(footnotes.mark(sentence)); };
  if (row.record == nullptr) {
    out.lines.push_back(row.size + ", not run");
    for (const std::string& why : row.why_not) mark("Not run: " + why);
    return out;
  }
  out.lines.push_back(fmt::format("{}, {}", row.size, row.record->invalid_reasons.empty() ? "VALID" : "INVALID"));
  for (const std::string& reason : row.record->invalid_reasons) mark("INVALID: " + reason);
  for (const std::string& departure : row.record->departures) mark(departure);
  return out;
}

std::string table_title(const ReproducedTable& table) {
  const auto digits = table.name.find_first_of("0123456789");
  const std::string kind = table.name.starts_with("fig") ? "Figure" : "Table";
  const std::string name = digits == std::string::npos ? table.name : kind + " " + table.name.substr(digits);
  return table.title.empty() ? name : name + ": " + table.title;
}

std::string better(Direction direction) {
  if (direction == Direction::none) return "";
  return direction == Direction::lower ? " (lower)" : " (higher)";
}

}  // namespace

LaidOutTable laid_out(const ReproducedTable& table) {
  LaidOutTable out;
  Footnotes footnotes;
  out.title = table_title(table);
  for (const PublishedColumn& column : table.columns) out.headings.push_back(column.title + better(column.direction));
  for (const ReproducedRow& row : table.rows) {
    std::vector<LaidOutCell> cells{label(row.source, footnotes)};
    for (const ReproducedCell& cell : row.cells) cells.push_back(laid_out_cell(cell, footnotes));
    out.rows.push_back(std::move(cells));
  }
  out.footnotes = footnotes.take();
  return out;
}

std::string marks_text(std::vector<int> marks) {
  std::sort(marks.begin(), marks.end());
  marks.erase(std::unique(marks.begin(), marks.end()), marks.end());
  std::string out;
  for (std::size_t i = 0; i < marks.size();) {
    std::size_t last = i;
    while (last + 1 < marks.size() && marks[last + 1] == marks[last] + 1) ++last;
    out += out.empty() ? "" : ",";
    out += std::to_string(marks[i]);
    if (last > i) out += (last > i + 1 ? "-" : ",") + std::to_string(marks[last]);
    i = last + 1;
  }
  return out;
}

}  // namespace alea
