#pragma once

#include "store/store.h"

namespace alea {

/// What results/gallery.h shows, read from the blocks that hold it: "gallery/least_images", "gallery/most_images" u8 [k, h, w, c]
/// and, where every block holds maps of the statistic, "gallery/least_maps", "gallery/most_maps" f32 [k, h, w, c]. ids, scores:
/// [n]; the least come ascending, the most descending in score. k = min(8, n / 2); nothing when k = 0.
ArrayMap gallery_arrays(const Store& store, std::span<const std::uint64_t> ids, std::span<const double> scores,
                        const std::string& statistic);

}  // namespace alea
