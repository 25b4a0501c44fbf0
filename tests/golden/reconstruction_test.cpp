// The reconstruction protocol as a user runs it, on a toy whose posterior is known.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/config.h"
#include "core/files.h"
#include "formats/png.h"
#include "hdf5/hdf5.h"
#include "protocols/array_names.h"
#include "results/record.h"
#include "store/store.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using testing::run_alea;
using testing::TemporaryFolder;

constexpr int kImages = 64, kSide = 6;

/// Grey values of a normal law of the toy's width, by a small generator of its own.
void write_images(const fs::path& folder, double std) {
  std::uint32_t state = 1;
  const auto uniform = [&state] {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) / 16777216.0;
  };
  for (int i = 0; i < kImages; ++i) {
    std::vector<std::uint8_t> pixels;
    for (int p = 0; p < kSide * kSide; ++p) {
      const double normal = std::sqrt(-2 * std::log(uniform() + 1e-12)) * std::cos(6.283185307179586 * uniform());
      pixels.push_back(static_cast<std::uint8_t>(std::lround(std::clamp(127.5 + 127.5 * std * normal, 0.0, 255.0))));
    }
    write_png(folder / fmt::format("{:03}.png", i), {kSide, kSide, 1, pixels});
  }
}

Json config_of(const fs::path& images) {
  return {{"protocol", "reconstruction"},
          {"seed", 3},
          {"model", {{"kind", "toy_gaussian"}, {"height", kSide}, {"width", kSide}, {"std", 0.25}}},
          {"sampler", {{"kind", "ddim"}, {"steps", 50}, {"clip", false}}},
          {"estimators", {{{"kind", "aleatoric"}, {"passes", 3}, {"first_index", 30}, {"last_index", 31}}}},
          {"dataset", images.string()},
          {"images", kImages},
          {"block", 24},
          {"micro_batch", 8}};
}

class ReconstructionCommand : public ::testing::Test {
 protected:
  void SetUp() override { write_images(images_.path(), 0.25); }

  testing::Ended run(const Json& config, const fs::path& folder, const std::vector<std::string>& more = {}) {
    const fs::path file = out_ / "config.json";
    atomic_write(file, as_bytes(config.dump()));
    std::vector<std::string> words{"run", file.string(), "--out", folder.string(), "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return run_alea(words);
  }
  static Bytes as_bytes(const std::string& text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
  }

  TemporaryFolder images_, out_;
};

const MetricRow& row_of(const Record& record, const std::string& name) {
  for (const MetricRow& row : record.metrics)
    if (row.name == name) return row;
  throw std::runtime_error("no row " + name);
}

/// DDIM with an exact score carries x from level to level by its width alone: x0 = x s / sqrt(alpha^2 s^2 + sigma^2). The error
/// of an image of law N(0, s^2) is then normal with variance s^2 (2 - 2 alpha s / width).
TEST_F(ReconstructionCommand, ErrorsAreThoseOfTheKnownLaw) {
  const auto ended = run(config_of(images_.path()), out_ / "run");
  ASSERT_EQ(ended.status, 0) << ended.err;
  const Record record = read_record(out_ / "run" / "record.json");
  EXPECT_TRUE(record.invalid_reasons.empty());
  double alpha_bar = 1;
  for (int t = 0; t <= 500; ++t) alpha_bar *= 1 - (1e-4 + (0.02 - 1e-4) * t / 999);
  const double s = 0.25, width = std::sqrt(alpha_bar * s * s + 1 - alpha_bar);
  const double expected = s * std::sqrt(2 - 2 * std::sqrt(alpha_bar) * s / width) / 2;
  EXPECT_NEAR(row_of(record, "rmse").value.value(), expected, 0.04 * expected);
  EXPECT_EQ(record.cost.at("base"), 26) << "solver indices 24 to 49";
  EXPECT_EQ(record.cost.at("extra"), 6);
  const auto& chance = row_of(record, "aurg.rmse.exact.random.map");
  EXPECT_LT(chance.interval->low, 0);
  EXPECT_GT(chance.interval->high, 0);
  EXPECT_EQ(row_of(record, "ause.rmse.poggi50").value, row_of(record, "ause.rmse.poggi50.aleatoric.variance").value);
}

TEST_F(ReconstructionCommand, BlocksHoldOriginalsAndTheirErrors) {
  ASSERT_EQ(run(config_of(images_.path()), out_ / "run").status, 0);
  const Store store = Store::open(out_ / "run");
  const ArrayMap block = store.get_block(array_names::kBlocks, store.blocks().back());
  const auto images = block.at(array_names::kImages).as<std::uint8_t>(),
             originals = block.at(array_names::kOriginals).as<std::uint8_t>();
  const auto errors = block.at(array_names::kErrors).as<float>();
  ASSERT_EQ(images.size(), 16u * kSide * kSide);
  ASSERT_EQ(errors.size(), images.size());
  for (std::size_t i = 0; i < images.size(); ++i)
    EXPECT_NEAR(errors[i], std::abs(images[i] - originals[i]) / 255.0, 0.51 / 255) << i;
  EXPECT_EQ(std::vector(originals.end() - 36, originals.end()), read_png(images_ / "063.png").pixels);
}

/// Over the pixels in order, so that the same pictures in another form are the same set, and other pictures aren't comparable.
TEST_F(ReconstructionCommand, TheRecordHasTheHashOfThePixelsThatItBeganWith) {
  ASSERT_EQ(run(config_of(images_.path()), out_ / "run").status, 0);
  std::string pixels;
  for (int i = 0; i < kImages; ++i)
    for (const auto value : read_png(images_ / fmt::format("{:03}.png", i)).pixels) pixels += static_cast<char>(value);
  const Record record = read_record(out_ / "run" / "record.json");
  EXPECT_EQ(record.data.at("dataset").at("sha256"), sha256_hex(std::as_bytes(std::span(pixels))));
  EXPECT_EQ(record.data.at("dataset").at("name"), images_.path().string());
  Picture other = read_png(images_ / "010.png");
  other.pixels[0] ^= 1;
  write_png(images_ / "010.png", other);
  ASSERT_EQ(run(config_of(images_.path()), out_ / "other").status, 0);
  EXPECT_NE(read_record(out_ / "other" / "record.json").comparable_sha256, record.comparable_sha256);
}

TEST_F(ReconstructionCommand, NeitherBlocksNorInterruptionsChangeTheResult) {
  ASSERT_EQ(run(config_of(images_.path()), out_ / "run").status, 0);
  const auto whole = testing::result_files(out_ / "run");
  for (const char* block : {"run/blocks/000001.h5", "run/record.json"}) fs::remove(out_ / block);
  ASSERT_EQ(run(config_of(images_.path()), out_ / "run").status, 0);
  EXPECT_EQ(testing::differing(whole, testing::result_files(out_ / "run")), std::vector<std::string>{});
}

TEST_F(ReconstructionCommand, WhatCantBeIsSaidBeforeAnythingRuns) {
  Json early = config_of(images_.path());
  early["estimators"][0]["first_index"] = 20;
  const auto window = run(early, out_ / "a");
  EXPECT_EQ(window.status, 2);
  EXPECT_NE(window.err.find("reconstruction begins at 24"), std::string::npos) << window.err;
  Json many = config_of(images_.path());
  many["images"] = kImages + 1;
  EXPECT_EQ(run(many, out_ / "b").status, 2);
  Json plms = config_of(images_.path());
  plms["sampler"] = {{"kind", "plms"}, {"steps", 50}};
  const auto history = run(plms, out_ / "c");
  EXPECT_EQ(history.status, 2);
  EXPECT_NE(history.err.find("/noise_time"), std::string::npos) << history.err;
}

}  // namespace
}  // namespace alea
