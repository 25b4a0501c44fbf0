#include "samplers/start_index.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

#include "core/error.h"
#include "core/log.h"

namespace alea {
namespace {

static_assert(std::endian::native == std::endian::little);

std::string header_of(const std::string& key, std::size_t n_states, std::size_t n_labels, std::span<const std::byte> payload) {
  return fmt::format("alea start index 1 {} {} {} {}\n", key, n_states, n_labels, sha256_hex(payload));
}

Bytes payload_of(const StartIndex& index) {
  std::vector<std::uint32_t> words;
  words.reserve(index.states.size() * std::tuple_size_v<MersenneState> + index.labels.size());
  for (const auto& state : index.states) words.insert(words.end(), state.begin(), state.end());
  words.insert(words.end(), index.labels.begin(), index.labels.end());
  const auto bytes = std::as_bytes(std::span(words));
  return {bytes.begin(), bytes.end()};
}

bool is_valid(const MersenneState& state) { return state.back() >= 1 && state.back() < state.size(); }

StartIndex index_of(std::span<const std::byte> payload, std::size_t n_states, std::size_t n_labels) {
  StartIndex out{.states = std::vector<MersenneState>(n_states), .labels = {}};
  const std::size_t state_bytes = n_states * sizeof(MersenneState);
  std::memcpy(out.states.data(), payload.data(), state_bytes);
  std::vector<std::uint32_t> labels(n_labels);
  std::memcpy(labels.data(), payload.data() + state_bytes, n_labels * sizeof(std::uint32_t));
  out.labels.assign(labels.begin(), labels.end());
  return out;
}

}  // namespace

void write_start_index(const fs::path& path, const std::string& key, const StartIndex& index) {
  const Bytes payload = payload_of(index);
  const std::string header = header_of(key, index.states.size(), index.labels.size(), payload);
  const auto text = std::as_bytes(std::span(header));
  Bytes file(text.begin(), text.end());
  file.insert(file.end(), payload.begin(), payload.end());
  fs::create_directories(path.parent_path());
  atomic_write(path, file);
}

std::optional<StartIndex> read_start_index(const fs::path& path, const std::string& key, std::size_t n_states,
                                           std::size_t n_labels) {
  if (!fs::exists(path)) return std::nullopt;
  const Bytes file = read_file(path);
  const std::size_t payload_bytes = n_states * sizeof(MersenneState) + n_labels * sizeof(std::uint32_t);
  if (file.size() > payload_bytes) {
    const auto payload = std::span(file).last(payload_bytes);
    const std::string_view found(reinterpret_cast<const char*>(file.data()), file.size() - payload_bytes);
    if (found == header_of(key, n_states, n_labels, payload)) {
      StartIndex out = index_of(payload, n_states, n_labels);
      if (std::ranges::all_of(out.states, is_valid)) return out;
    }
  }
  log_warning("{}: not the start index of {} with {} states and {} labels, or damaged; it is made anew", path.string(), key,
              n_states, n_labels);
  return std::nullopt;
}

}  // namespace alea
