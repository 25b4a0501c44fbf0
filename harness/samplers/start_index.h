#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/files.h"

namespace alea {

/// State of MT19937 (Matsumoto and Nishimura, ACM TOMACS 8, 1998) between two draws: 624 words, then how many of them are used
/// up (1..624).
using MersenneState = std::array<std::uint32_t, 625>;

/// Where one long draw stands at every stride-th id, and the labels that are drawn after it: what makes any of its blocks without
/// the ones before.
struct StartIndex {
  std::vector<MersenneState> states;
  std::vector<std::int64_t> labels;
  bool operator==(const StartIndex&) const = default;
};

/// One line of text (kind, key, counts, sha256 of the rest), then states and labels as little-endian u32; written atomically.
/// Labels in [0, 2^32).
void write_start_index(const fs::path& path, const std::string& key, const StartIndex& index);

/// Nothing where there is no such file, or (with a warning that says why) where it is of another key or extent or damaged, so
/// that it is made anew. Error{io} where it can't be read.
std::optional<StartIndex> read_start_index(const fs::path& path, const std::string& key, std::size_t n_states,
                                           std::size_t n_labels);

}  // namespace alea
