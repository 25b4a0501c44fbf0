#include <algorithm>

#include "results/reproduction_layout.h"

namespace alea {
namespace {

constexpr const char* kSaid =
    "In each cell: the paper's value, in parentheses where it isn't compared; ours; its 95% interval; N and MDE, the smallest\n"
    "difference that would be found in 80% of cases (two-sided, 5%); ours minus the paper's, and the verdict.\n";

std::string first_line(const LaidOutCell& cell) {
  const std::string marks = marks_text(cell.marks);
  return cell.lines.front() + (marks.empty() ? "" : " [" + marks + "]");
}

std::string line_of(const LaidOutCell& cell, std::size_t i) {
  if (i == 0) return first_line(cell);
  return i < cell.lines.size() ? cell.lines[i] : "";
}

std::size_t height_of(const std::vector<LaidOutCell>& row) {
  std::size_t height = 0;
  for (const LaidOutCell& cell : row) height = std::max(height, cell.lines.size());
  return height;
}

std::vector<std::size_t> widths_of(const LaidOutTable& table) {
  std::vector<std::size_t> widths{0};
  for (const std::string& heading : table.headings) widths.push_back(heading.size());
  for (const auto& row : table.rows)
    for (std::size_t c = 0; c < row.size(); ++c)
      for (std::size_t i = 0; i < row[c].lines.size(); ++i) widths[c] = std::max(widths[c], line_of(row[c], i).size());
  return widths;
}

std::string without_trailing_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string greyed(const std::string& text, bool grey) { return grey ? "\x1b[90m" + text + "\x1b[0m" : text; }

std::string terminal_text(const LaidOutTable& table, bool colour) {
  const auto widths = widths_of(table);
  std::string out = table.title + "\n", line = std::string(widths[0], ' ');
  for (std::size_t c = 0; c < table.headings.size(); ++c) line += fmt::format("  {:<{}}", table.headings[c], widths[c + 1]);
  out += without_trailing_spaces("  " + line);
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < height_of(row); ++i) {
      line = " ";
      for (std::size_t c = 0; c < row.size(); ++c) {
        const bool is_grey = colour && i == 0 && row[c].is_grey;
        line += (c == 0 ? " " : "  ") + greyed(fmt::format("{:<{}}", line_of(row[c], i), widths[c]), is_grey);
      }
      out += without_trailing_spaces(line);
    }
    out += "\n";
  }
  for (std::size_t i = 0; i < table.footnotes.size(); ++i) out += fmt::format("  [{}] {}\n", i + 1, table.footnotes[i]);
  return out;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string markdown_escaped(const std::string& text) { return replaced(replaced(text, "|", "\\|"), "<", "&lt;"); }

std::string markdown_cell(const LaidOutCell& cell) {
  const std::string marks = marks_text(cell.marks);
  std::string out;
  for (std::size_t i = 0; i < cell.lines.size(); ++i) {
    std::string line = markdown_escaped(cell.lines[i]);
    if (i == 0 && cell.is_grey) line = "<sub>" + line + "</sub>";
    if (i == 0 && !marks.empty()) line += " <sup>" + marks + "</sup>";
    out += (i == 0 ? "" : "<br>") + line;
  }
  return out;
}

std::string markdown_text(const LaidOutTable& table) {
  std::string out = "### " + table.title + "\n\n| |", rule = "| --- |";
  for (const std::string& heading : table.headings) {
    out += " " + markdown_escaped(heading) + " |";
    rule += " --- |";
  }
  out += "\n" + rule + "\n";
  for (const auto& row : table.rows) {
    out += "|";
    for (const LaidOutCell& cell : row) out += " " + markdown_cell(cell) + " |";
    out += "\n";
  }
  for (std::size_t i = 0; i < table.footnotes.size(); ++i)
    out += fmt::format("{}{}. {}\n", i == 0 ? "\n" : "", i + 1, markdown_escaped(table.footnotes[i]));
  return out;
}

std::string latex_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\textbackslash{}";
    else if (c == '~')
      out += "\\textasciitilde{}";
    else if (c == '^')
      out += "\\textasciicircum{}";
    else if (std::string_view("&%$#_{}").find(c) != std::string_view::npos)
      out += std::string("\\") + c;
    else
      out += c;
  }
  return out;
}

std::string latex_cell(const LaidOutCell& cell) {
  const std::string marks = marks_text(cell.marks);
  std::string out = "\\makecell[tl]{";
  for (std::size_t i = 0; i < cell.lines.size(); ++i) {
    std::string line = latex_escaped(cell.lines[i]);
    if (i == 0 && cell.is_grey) line = "\\textcolor{gray}{" + line + "}";
    if (i == 0 && !marks.empty()) line += "\\textsuperscript{" + marks + "}";
    out += (i == 0 ? "" : " \\\\ ") + line;
  }
  return out + "}";
}

std::string latex_text(const LaidOutTable& table) {
  std::string out = "% needs booktabs, makecell and xcolor\n\\begin{table}\n\\caption{" + latex_escaped(table.title) + "}\n";
  out += "\\begin{tabular}{" + std::string(table.headings.size() + 1, 'l') + "}\n\\toprule\n";
  for (const std::string& heading : table.headings) out += " & " + latex_escaped(heading);
  out += " \\\\\n\\midrule\n";
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) out += (c == 0 ? "" : "\n  & ") + latex_cell(row[c]);
    out += " \\\\\n";
  }
  out += "\\bottomrule\n\\end{tabular}\n";
  for (std::size_t i = 0; i < table.footnotes.size(); ++i)
    out += fmt::format("\n\\textsuperscript{{{}}} {}\n", i + 1, latex_escaped(table.footnotes[i]));
  return out + "\\end{table}\n";
}

std::string commented(const std::string& text) { return "% " + replaced(text.substr(0, text.size() - 1), "\n", "\n% ") + "\n"; }

}  // namespace

std::string render_reproduction(const std::vector<ReproducedTable>& tables, TableFormat format, bool colour) {
  std::string out;
  for (const ReproducedTable& table : tables) {
    const LaidOutTable text = laid_out(table);
    out += format == TableFormat::terminal   ? terminal_text(text, colour)
           : format == TableFormat::markdown ? markdown_text(text)
                                             : latex_text(text);
    out += "\n";
  }
  return out + (format == TableFormat::latex ? commented(kSaid) : kSaid);
}

}  // namespace alea
