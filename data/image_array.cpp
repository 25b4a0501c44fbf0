#include "data/image_array.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <numeric>

#include "core/error.h"
#include "core/files.h"

namespace alea {
namespace {

constexpr std::size_t kPartsInMemory = 4;
constexpr std::size_t kBytesInMemory = std::size_t{2} << 30;  // of all but the last one used

/// Parts by number, loaded once while they are among the last used.
class PartCache {
 public:
  PartCache(std::vector<LazyPart> parts, std::size_t image_bytes) : parts_(std::move(parts)), image_bytes_(image_bytes) {}
  const std::vector<LazyPart>& parts() const { return parts_; }

  ArrayPart get(std::size_t k) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(recent_, k, &Entry::first);
    if (found != recent_.end()) {
      recent_.splice(recent_.begin(), recent_, found);
    } else {
      recent_.emplace_front(k, load(parts_[k]));
      while (recent_.size() > 1 && (recent_.size() > kPartsInMemory || bytes_held() > kBytesInMemory)) recent_.pop_back();
    }
    return recent_.front().second;
  }

 private:
  ArrayPart load(const LazyPart& part) const {
    ArrayPart loaded = part.load();
    if (loaded.bytes.size() != part.count * image_bytes_)
      fail(ErrorCode::data, "{}: expected {} images of {} bytes, found {} bytes", part.name, part.count, image_bytes_,
           loaded.bytes.size());
    return loaded;
  }

  std::size_t bytes_held() const {
    std::size_t sum = 0;
    for (const auto& [k, part] : recent_) sum += part.bytes.size();
    return sum;
  }

  using Entry = std::pair<std::size_t, ArrayPart>;
  std::vector<LazyPart> parts_;
  std::size_t image_bytes_;
  mutable std::mutex mutex_;
  mutable std::list<Entry> recent_;
};

Picture as_rgb(std::span<const std::byte> image, const ArrayExtent& e) {
  const std::size_t n = static_cast<std::size_t>(e.height) * e.width, channels = static_cast<std::size_t>(e.channels);
  Picture picture{e.width, e.height, 3, std::vector<std::uint8_t>(3 * n)};
  for (std::size_t p = 0; p < n; ++p)
    for (std::size_t c = 0; c < 3; ++c) {
      const std::size_t source = channels == 1 ? 0 : c;
      picture.pixels[3 * p + c] = static_cast<std::uint8_t>(image[e.planar ? source * n + p : p * channels + source]);
    }
  return picture;
}

class ArrayImages final : public ImageSource {
 public:
  ArrayImages(std::string what, std::string kind, ArrayExtent extent, std::vector<LazyPart> parts, std::uint64_t n)
      : what_(std::move(what)), kind_(std::move(kind)), extent_(extent), cache_(std::move(parts), extent.bytes()), n_(n) {
    std::uint64_t first = 0;
    for (const auto& part : cache_.parts()) {
      first_.push_back(first);
      first += part.count;
    }
  }

  std::uint64_t size() const override { return n_; }
  std::string name(std::uint64_t i) const override {
    const std::size_t k = part_of(i);
    return fmt::format("{}[{}]", cache_.parts()[k].name, i - first_[k]);
  }
  Picture read(std::uint64_t i) const override {
    const std::size_t k = part_of(i);
    const ArrayPart part = cache_.get(k);
    return as_rgb(part.bytes.subspan((i - first_[k]) * extent_.bytes() + extent_.skip, extent_.bytes() - extent_.skip), extent_);
  }
  std::string digest() const override {
    std::string all =
        fmt::format("{}x{}x{} {} {}\n", extent_.height, extent_.width, extent_.channels, extent_.planar, extent_.skip);
    for (std::size_t k = 0; k < first_.size() && first_[k] < n_; ++k) {
      const auto used = std::min(cache_.parts()[k].count, n_ - first_[k]);
      all += sha256_hex(cache_.get(k).bytes.first(used * extent_.bytes())) + "\n";
    }
    return sha256_hex(std::as_bytes(std::span(all)));
  }
  Json facts() const override {
    return {{"kind", kind_}, {"n", n_}, {"height", extent_.height}, {"width", extent_.width}, {"channels", extent_.channels},
            {"lossy", false}};
  }

 private:
  std::size_t part_of(std::uint64_t i) const {
    ALEA_CHECK(i < n_, "{}: image {} of {}", what_, i, n_);
    return static_cast<std::size_t>(std::ranges::upper_bound(first_, i) - first_.begin()) - 1;
  }

  std::string what_, kind_;
  ArrayExtent extent_;
  PartCache cache_;
  std::vector<std::uint64_t> first_;
  std::uint64_t n_;
};

}  // namespace

std::optional<ArrayExtent> interleaved_extent(DType dtype, std::span<const std::uint64_t> shape) {
  const auto side = [&](std::size_t axis) { return static_cast<int>(std::min<std::uint64_t>(shape[axis], 1 << 20)); };
  if (dtype == DType::u8 && shape.size() == 4 && (shape[3] == 1 || shape[3] == 3)) return ArrayExtent{side(1), side(2), side(3)};
  if (dtype == DType::u8 && shape.size() == 3) return ArrayExtent{side(1), side(2), 1};
  return std::nullopt;
}

std::unique_ptr<ImageSource> make_array_source(std::string what, std::string kind, ArrayExtent extent,
                                               std::vector<LazyPart> parts, const SourceOptions& options) {
  if (extent.height < 1 || extent.width < 1 || (extent.channels != 1 && extent.channels != 3))
    fail(ErrorCode::data, "{}: expected images [height, width, channels] with 1 or 3 channels, found {}x{}x{}", what,
         extent.height, extent.width, extent.channels);
  std::erase_if(parts, [](const LazyPart& part) { return part.count == 0; });
  std::uint64_t n = std::accumulate(parts.begin(), parts.end(), std::uint64_t{0},
                                    [](auto sum, const LazyPart& part) { return sum + part.count; });
  if (n == 0) fail(ErrorCode::data, "{}: holds no image", what);
  if (options.limit) n = std::min(n, *options.limit);
  return std::make_unique<ArrayImages>(std::move(what), std::move(kind), extent, std::move(parts), n);
}

}  // namespace alea
