#include "protocols/gallery_arrays.h"

#include <algorithm>

#include "core/error.h"
#include "metrics/selection.h"
#include "protocols/array_names.h"

namespace alea {
namespace {

constexpr std::size_t kColumns = 8;

const BlockRange& block_holding(const Store& store, std::uint64_t id) {
  for (const BlockRange& range : store.blocks())
    if (id >= range.first && id < range.first + range.count) return range;
  fail(ErrorCode::internal, "no block holds id {}", id);
}

/// Appends row `row` of `from` to `to`, which takes its dtype and trailing shape.
void append_row(Array& to, const Array& from, std::uint64_t row) {
  if (to.shape.empty()) {
    to.dtype = from.dtype;
    to.shape = from.shape;
    to.shape[0] = 0;
  }
  const std::size_t size = from.bytes.size() / from.shape.at(0);
  const auto begin = from.bytes.begin() + static_cast<std::ptrdiff_t>(row * size);
  to.bytes.insert(to.bytes.end(), begin, begin + static_cast<std::ptrdiff_t>(size));
  ++to.shape[0];
}

void add_side(ArrayMap& out, const Store& store, std::span<const std::uint64_t> ids, const std::string& side,
              const std::string& statistic) {
  Array images, maps;
  for (const std::uint64_t id : ids) {
    const BlockRange& range = block_holding(store, id);
    const ArrayMap block = store.get_block(array_names::kBlocks, range);
    append_row(images, block.at(array_names::kImages), id - range.first);
    const auto map = block.find(array_names::maps(statistic));
    if (map != block.end()) append_row(maps, map->second, id - range.first);
  }
  out["gallery/" + side + "_images"] = std::move(images);
  if (!maps.shape.empty()) out["gallery/" + side + "_maps"] = std::move(maps);
}

}  // namespace

ArrayMap gallery_arrays(const Store& store, std::span<const std::uint64_t> ids, std::span<const double> scores,
                        const std::string& statistic) {
  ArrayMap out;
  const std::size_t columns = std::min(kColumns, ids.size() / 2);
  if (columns == 0) return out;
  const auto ranking = rank_by_score(scores, KeepSide::lowest);
  std::vector<std::uint64_t> least, most;
  for (std::size_t i = 0; i < columns; ++i) {
    least.push_back(ids[ranking[i]]);
    most.push_back(ids[ranking[ranking.size() - 1 - i]]);
  }
  add_side(out, store, least, "least", statistic);
  add_side(out, store, most, "most", statistic);
  return out;
}

}  // namespace alea
