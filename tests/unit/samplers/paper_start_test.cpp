#include "samplers/paper_start.h"

#include <ATen/TensorOperators.h>
#include <ATen/Version.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <span>

#include "core/error.h"
#include "samplers/start_index.h"
#include "tests/support/plugins.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using alea::testing::TemporaryFolder;
using test::code_of;
using ::testing::HasSubstr;
using Json = nlohmann::json;

const Json& fixture() {
  static const Json json = Json::parse(read_text_file(fs::path(ALEA_SOURCE_DIR) / "tests/fixtures/paper_start.json"));
  return json;
}

PaperDataset dataset_of(const Json& json) {
  const auto shape = json.at("shape").get<std::vector<int>>();
  return {.name = json.at("name"),
          .seed = json.at("seed"),
          .shape = {shape[0], shape[1], shape[2]},
          .classes = json.at("classes"),
          .first = json.at("first"),
          .last = json.at("last"),
          .labels = json.at("labels"),
          .n = json.at("n")};
}

PaperDataset small() { return dataset_of(fixture().at("small")); }

std::string sha256_of(const at::Tensor& rows) {
  return sha256_hex(std::as_bytes(std::span(rows.const_data_ptr<float>(), static_cast<std::size_t>(rows.numel()))));
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

class PaperStartTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (at::get_cpu_capability() == "DEFAULT") GTEST_SKIP() << "torch draws other normals without AVX2";
  }
};

TEST_F(PaperStartTest, RowsAndLabelsAreThoseOfOneDrawInPython) {
  const PaperStart start(small(), {});
  for (const Json& rows : fixture().at("small").at("rows")) {
    const auto ids = rows.at("ids").get<Ids>();
    EXPECT_EQ(sha256_of(start.x(ids)), rows.at("sha256")) << rows.at("ids").dump();
    EXPECT_TRUE(at::equal(start.labels(ids), at::tensor(rows.at("labels").get<std::vector<std::int64_t>>())));
  }
}

TEST_F(PaperStartTest, ANetworkWithoutLabelsGetsNoneAndTheSameNoise) {
  const PaperStart with(small(), {}), without(small(), {}, /*takes_labels=*/false);
  EXPECT_FALSE(without.labels({3}).defined());
  EXPECT_TRUE(with.labels({3}).defined());
  EXPECT_TRUE(at::equal(without.x({3}), with.x({3})));
}

TEST_F(PaperStartTest, ARowDoesNotDependOnTheOthersOfItsBatch) {
  const PaperStart start(small(), {});
  const Ids ids{998, 999, 1000, 1001, 3};
  const at::Tensor together = start.x(ids);
  EXPECT_EQ(together.sizes(), (std::vector<std::int64_t>{5, 3, 4, 4}));
  for (std::size_t b = 0; b < ids.size(); ++b)
    EXPECT_TRUE(at::equal(start.x({ids[b]})[0], together[static_cast<std::int64_t>(b)])) << ids[b];
}

TEST_F(PaperStartTest, EverySetOfThePaperBeginsAndEndsAsInPython) {
  for (const auto& dataset : paper_datasets()) EXPECT_NO_THROW(PaperStart(dataset, {})) << dataset.name;
}

TEST(PaperStartTable, KnowsTheSetsOfThePaperAndTheirDigests) {
  const auto& sets = fixture().at("sets");
  ASSERT_EQ(paper_datasets().size(), sets.size());
  for (const Json& json : sets) {
    const PaperDataset expected = dataset_of(json), found = paper_dataset(expected.name);
    EXPECT_EQ(
        std::tie(found.seed, found.shape, found.classes, found.n, found.first, found.last, found.labels),
        std::tie(expected.seed, expected.shape, expected.classes, expected.n, expected.first, expected.last, expected.labels))
        << expected.name;
  }
  EXPECT_EQ(code_of([] { paper_dataset("cifar100"); }), ErrorCode::config);
  EXPECT_THAT(message_of([] { paper_dataset("cifar100"); }), HasSubstr("imagenet128_uvit"));
}

TEST_F(PaperStartTest, RefusesWhatItCannotDraw) {
  const PaperStart start(small(), {});
  EXPECT_EQ(code_of([&] { start.x({0, 1237}); }), ErrorCode::domain);
  EXPECT_EQ(code_of([&] { start.labels({1237}); }), ErrorCode::domain);
  auto odd = small();
  odd.shape.width = 5;
  EXPECT_EQ(code_of([&] { PaperStart(odd, {}); }), ErrorCode::shape);
}

TEST_F(PaperStartTest, RefusesNumbersThatAreNotThePapersByBothHashes) {
  for (const auto digest : {&PaperDataset::first, &PaperDataset::last, &PaperDataset::labels}) {
    auto other = small();
    (other.*digest).replace(0, 8, "00000000");
    EXPECT_EQ(code_of([&] { PaperStart(other, {}); }), ErrorCode::not_comparable);
    const std::string message = message_of([&] { PaperStart(other, {}); });
    EXPECT_THAT(message, HasSubstr(other.*digest));
    EXPECT_THAT(message, HasSubstr(small().*digest));
  }
}

fs::path only_file(const fs::path& folder) {
  std::vector<fs::path> files(fs::directory_iterator(folder), fs::directory_iterator{});
  EXPECT_EQ(files.size(), 1U);
  return files.at(0);
}

TEST_F(PaperStartTest, TheCacheIsUsedAndADamagedOneIsMadeAnew) {
  const TemporaryFolder folder;
  const fs::path cache = folder / "cache";
  const PaperStart first(small(), cache);
  const fs::path file = only_file(cache);
  const Bytes bytes = read_file(file);
  const auto written = fs::last_write_time(file);
  const PaperStart second(small(), cache);
  EXPECT_EQ(fs::last_write_time(file), written);
  EXPECT_TRUE(at::equal(first.x({1100, 7}), second.x({1100, 7})));
  EXPECT_TRUE(at::equal(first.labels({1100, 7}), second.labels({1100, 7})));

  for (const std::size_t at : {std::size_t{3}, std::size_t{200}, bytes.size() - 1}) {
    Bytes damaged = bytes;
    damaged[at] ^= std::byte{1};
    atomic_write(file, damaged);
    EXPECT_TRUE(at::equal(PaperStart(small(), cache).x({1100}), first.x({1100})));
    EXPECT_EQ(read_file(file), bytes);
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, bytes.size() - 1}) {
    atomic_write(file, std::span(bytes).first(size));
    PaperStart(small(), cache);
    EXPECT_EQ(read_file(file), bytes);
  }
}

TEST(StartIndex, IsReadBackOnlyUnderItsKeyAndExtent) {
  const TemporaryFolder folder;
  StartIndex index{.states = std::vector<MersenneState>(2), .labels = {0, 5, 4000000000}};
  index.states[1] = {7, 8, 9};
  for (auto& state : index.states) state.back() = 624;
  const fs::path file = folder / "index.bin";
  EXPECT_EQ(read_start_index(file, "key", 2, 3), std::nullopt);
  write_start_index(file, "key", index);
  EXPECT_EQ(read_start_index(file, "key", 2, 3), index);
  EXPECT_EQ(read_start_index(file, "other", 2, 3), std::nullopt);
  EXPECT_EQ(read_start_index(file, "key", 2, 2), std::nullopt);
  EXPECT_EQ(read_start_index(file, "key", 3, 3), std::nullopt);
  index.states[0].back() = 625;
  write_start_index(file, "key", index);
  EXPECT_EQ(read_start_index(file, "key", 2, 3), std::nullopt);
}

}  // namespace
}  // namespace alea
