#include "run/realism.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/files.h"
#include "core/philox.h"
#include "data/dataset.h"
#include "data/image_source.h"
#include "protocols/array_names.h"
#include "tests/support/environment.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kReal = 60, kSide = 28;
const ImageExtent kExtent{1, 28, 28};

/// Grey images [n, 28, 28, 1]: a bright rectangle by id on black, which is what clothes look like from afar.
std::vector<std::uint8_t> image(std::uint64_t id) {
  std::vector<std::uint8_t> out(kSide * kSide, 0);
  const auto side = [&](std::uint32_t k) {
    return 4 + static_cast<std::uint64_t>(18 * uniform({.seed = 3, .id = id, .pass = k}));
  };
  const std::uint64_t height = side(0), width = side(1);
  for (std::uint64_t y = 2; y < 2 + height; ++y)
    for (std::uint64_t x = 3; x < 3 + width; ++x) out[y * kSide + x] = static_cast<std::uint8_t>(120 + 7 * (id % 16));
  return out;
}

std::vector<std::uint8_t> noise(std::uint64_t id) {
  std::vector<std::uint8_t> out(kSide * kSide);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>(256 * uniform({.seed = 4, .id = id, .step = static_cast<std::uint32_t>(i)}));
  return out;
}

Array images_of(const std::vector<std::vector<std::uint8_t>>& images) {
  std::vector<std::uint8_t> bytes;
  for (const auto& one : images) bytes.insert(bytes.end(), one.begin(), one.end());
  return make_array<std::uint8_t>(bytes, {images.size(), kSide, kSide, 1});
}

class RealismOfARun : public ::testing::Test {
 protected:
  RealismOfARun() : store_(Store::open_or_create(folder_ / "run", Json{{"name", "realism"}}, 12, 6)) {
    std::vector<std::vector<std::uint8_t>> real;
    for (std::uint64_t i = 0; i < kReal; ++i) real.push_back(image(i));
    atomic_write(folder_ / "real.h5", hdf5_image({{"images", images_of(real)}}));
    // A copy of a real image, more of their kind, and noise in turn.
    for (const BlockRange& range : store_.blocks()) {
      std::vector<std::vector<std::uint8_t>> made;
      for (std::uint64_t id = range.first; id < range.first + range.count; ++id)
        made.push_back(id % 3 == 0 ? image(id) : id % 3 == 1 ? image(1000 + id) : noise(id));
      store_.put_block("blocks", range, {{"images", images_of(made)}});
    }
  }

  std::vector<double> scores(const std::vector<std::vector<BlockRange>>& sessions) const {
    for (const auto& blocks : sessions) RealismScorer(options(), kExtent).score(store_, blocks);
    const Array array = store_.gather(array_names::realism_kind("fmnist_residual"), array_names::kRealism);
    return {array.as<double>().begin(), array.as<double>().end()};
  }
  RealismOptions options() const { return {"fmnist_residual", (folder_ / "real.h5").string(), 3}; }

  testing::TemporaryFolder folder_;
  test::ScopedVariable cache_{"ALEA_CACHE", (folder_ / "cache").string()};
  Store store_;
};

TEST_F(RealismOfARun, IsLowForNoiseAndLargestOnTopOfARealImage) {
  const auto found = scores({store_.blocks()});
  ASSERT_EQ(found.size(), 12u);
  double worst_of_kind = 1e300, best_noise = 0;
  for (std::size_t id = 0; id < 12; ++id) {
    EXPECT_TRUE(std::isfinite(found[id])) << id;
    if (id % 3 == 1) worst_of_kind = std::min(worst_of_kind, found[id]);
    if (id % 3 == 2) best_noise = std::max(best_noise, found[id]);
  }
  EXPECT_GT(worst_of_kind, best_noise);
}

TEST_F(RealismOfARun, IsAnImagesOwnWhateverTheSession) {
  const auto together = scores({store_.blocks()});
  EXPECT_EQ(scores({{store_.blocks()[1]}, {store_.blocks()[0]}}), together);
}

TEST_F(RealismOfARun, MissingRealImagesAreSaidAtOnce) {
  RealismOptions missing = options();
  missing.real = (folder_ / "nothing.h5").string();
  try {
    RealismScorer(missing, kExtent);
    ADD_FAILURE() << "made";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_THAT(error.what(), HasSubstr("nothing.h5"));
  }
}

}  // namespace
}  // namespace alea
