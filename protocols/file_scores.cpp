#include "protocols/file_scores.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "hdf5/number_array.h"

namespace alea {
namespace {

constexpr std::size_t kShown = 5;

bool is_name(const std::string& name) {
  const auto is_fit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-'; };
  return !name.empty() && std::ranges::all_of(name, is_fit) && name.front() != '.' && name.back() != '.';
}

std::vector<std::uint64_t> as_ids(const RowSums& array, std::uint64_t rows, const std::string& of) {
  if (array.shape.size() != 1 || array.values.size() != rows)
    fail(ErrorCode::data, "{}: expected [{}], an id for each row of {}, found [{}]", array.source, rows, of,
         fmt::join(array.shape, ", "));
  std::vector<std::uint64_t> ids;
  std::set<std::uint64_t> seen;
  for (const double value : array.values) {
    if (!(value >= 0 && value < 0x1p53) || value != std::floor(value))
      fail(ErrorCode::data, "{}: row {}: expected an id, a whole number from 0, found {}", array.source, ids.size(), value);
    ids.push_back(static_cast<std::uint64_t>(value));
    if (!seen.insert(ids.back()).second)
      fail(ErrorCode::data, "{}: row {}: id {} comes twice", array.source, ids.size() - 1, ids.back());
  }
  return ids;
}

RowSums read_rows(const std::string& what, const std::string& name) {
  try {
    return read_row_sums(what);
  } catch (Error& error) {
    if (error.code() != ErrorCode::io) throw;
    throw error.add_context(
        fmt::format("the scores of {} (make the images with `alea sample`, write their scores, then `alea score`)", name));
  }
}

/// Rows in the order of images 0..n-1.
std::vector<double> in_order(const RowSums& rows, const std::vector<std::uint64_t>& ids, std::uint64_t n) {
  std::vector<double> out(n);
  std::vector<bool> there(n, false);
  for (std::size_t row = 0; row < ids.size(); ++row) {
    if (ids[row] >= n) continue;
    out[ids[row]] = rows.values[row];
    there[ids[row]] = true;
  }
  std::vector<std::uint64_t> missing;
  for (std::uint64_t id = 0; id < n; ++id)
    if (!there[id]) missing.push_back(id);
  if (missing.empty()) return out;
  const std::size_t shown = std::min(kShown, missing.size());
  fail(ErrorCode::data, "{}: no score of {} of the {} images: ids {}{}", rows.source, missing.size(), n,
       fmt::join(missing.begin(), missing.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
       shown < missing.size() ? ", ..." : "");
}

}  // namespace

void check_file_scores(const std::vector<FileScoresOptions>& options, const std::vector<std::string>& taken,
                       ConfigErrors& errors) {
  std::set<std::string> names(taken.begin(), taken.end());
  for (std::size_t i = 0; i < options.size(); ++i) {
    const std::string& name = options[i].name;
    const std::string pointer = fmt::format("/from_file/{}/name", i);
    if (!is_name(name))
      errors.add(pointer, fmt::format("\"{}\" is no name: expected a-z, 0-9, \"_\", \"-\" and, inside, \".\"", name));
    else if (name.starts_with("free.") || name.starts_with("random."))
      errors.add(pointer, fmt::format("\"{}\": names that begin with free. or random. are the controls'", name));
    else if (!names.insert(name).second)
      errors.add(pointer, fmt::format("\"{}\" is the name of another statistic", name));
  }
}

FileScores read_file_scores(const FileScoresOptions& options, std::uint64_t generate, std::uint64_t n) {
  const RowSums rows = read_rows(options.file, options.name);
  FileScores out{options.name,
                 {},
                 {{"name", options.name},
                  {"source", options.file},
                  {"shape", rows.shape},
                  {"sha256", rows.sha256},
                  {"extra_nfe", options.extra_nfe}}};
  if (options.ids.empty()) {
    if (rows.values.size() != generate)
      fail(ErrorCode::data, "{}: expected {} rows, one an image, found [{}]; where it has some images only, name them in /ids",
           rows.source, generate, fmt::join(rows.shape, ", "));
    out.scores.assign(rows.values.begin(), rows.values.begin() + static_cast<std::ptrdiff_t>(n));
    return out;
  }
  const RowSums ids = read_rows(options.ids, options.name);
  out.facts["ids"] = {{"source", options.ids}, {"sha256", ids.sha256}};
  out.scores = in_order(rows, as_ids(ids, rows.values.size(), rows.source), n);
  return out;
}

}  // namespace alea
