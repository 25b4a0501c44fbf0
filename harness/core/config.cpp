#include "core/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <span>

#include "core/files.h"

namespace alea {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

void ConfigErrors::throw_if_any(const std::string& source) const {
  if (items_.empty()) return;
  constexpr std::string_view kRoot = "(top level)";
  std::size_t width = 0;
  for (const auto& [pointer, message] : items_) width = std::max(width, pointer.empty() ? kRoot.size() : pointer.size());
  std::string text = fmt::format("{}: {} error{}", source, items_.size(), items_.size() == 1 ? "" : "s");
  for (const auto& [pointer, message] : items_)
    text += fmt::format("\n  {:<{}}  {}", pointer.empty() ? kRoot : std::string_view(pointer), width, message);
  throw Error(ErrorCode::config, text);
}

std::optional<std::string> nearest_name(std::string_view name, const std::vector<std::string>& known) {
  std::optional<std::string> best;
  std::size_t best_distance = 0;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(lower(name), lower(candidate));
    const std::size_t allowed = (std::max(name.size(), candidate.size()) + 1) / 3;
    if (name.empty() || distance > allowed || (best && distance >= best_distance)) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

std::string suggestion(std::string_view name, const std::vector<std::string>& known) {
  const std::string all = known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "));
  if (const auto nearest = nearest_name(name, known)) return fmt::format("; did you mean \"{}\"? (known: {})", *nearest, all);
  return "; known: " + all;
}

std::string child_pointer(std::string_view pointer, std::string_view key) {
  std::string out(pointer);
  out += '/';
  for (const char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

std::string child_pointer(std::string_view pointer, std::size_t index) { return fmt::format("{}/{}", pointer, index); }

Json read_json_file(const std::filesystem::path& path) { return parse_json(read_text_file(path), path.string()); }

std::string json_sha256(const Json& value) {
  const std::string text = value.dump();
  return sha256_hex(std::as_bytes(std::span(text)));
}

}  // namespace alea
