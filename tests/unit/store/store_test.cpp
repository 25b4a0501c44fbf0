#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "core/error.h"
#include "temporary_folder.h"

namespace alea {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const Json kConfig = {{"seed", 1}, {"sampler", {{"steps", 50}}}};

Store sample_store(const fs::path& folder) { return Store::open_or_create(folder, kConfig, 7, 3); }

/// Row i holds {id, id + 0.5}.
ArrayMap arrays_of(const BlockRange& range) {
  std::vector<float> rows;
  std::vector<std::uint64_t> ids;
  for (std::uint32_t i = 0; i < range.count; ++i) {
    rows.insert(rows.end(), {float(range.first + i), float(range.first + i) + 0.5f});
    ids.push_back(range.first + i);
  }
  return {{"rows", make_array<float>(rows, {range.count, 2})}, {"ids", make_array<std::uint64_t>(ids, {range.count})}};
}

void fill(const Store& store, const std::string& kind) {
  for (const auto& range : store.blocks()) store.put_block(kind, range, arrays_of(range));
}

std::string error_of(ErrorCode expected, const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), expected) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no Error was thrown";
  return "";
}

void flip_a_byte(const fs::path& path) {
  Bytes file = read_file(path);
  file[file.size() / 2] ^= std::byte{1};
  atomic_write(path, file);
}

TEST(Store, OpensWhatItMade) {
  const TemporaryFolder folder;
  const Store made = sample_store(folder / "a/b");
  for (const Store& store : {made, sample_store(folder / "a/b"), Store::open(folder / "a/b")}) {
    EXPECT_EQ(store.config(), kConfig);
    EXPECT_EQ(store.config_sha256(), json_sha256(kConfig));
    EXPECT_EQ(store.n_samples(), 7u);
    EXPECT_THAT(store.blocks(), ElementsAre(BlockRange{0, 0, 3}, BlockRange{1, 3, 3}, BlockRange{2, 6, 1}));
    EXPECT_EQ(store.folder(), folder / "a/b");
  }
}

TEST(Store, AnotherConfigIsRefusedAndNothingIsTouched) {
  const TemporaryFolder folder;
  sample_store(folder);
  const Bytes before = read_file(folder / "manifest.json");
  Json other = kConfig;
  other["sampler"]["steps"] = 20;
  EXPECT_THAT(error_of(ErrorCode::not_comparable, [&] { Store::open_or_create(folder, other, 7, 3); }),
              HasSubstr("/sampler/steps is 50 there and 20 here; choose another --out"));
  EXPECT_EQ(read_file(folder / "manifest.json"), before);
}

TEST(Store, AFolderThatIsSomethingElseIsRefusedAndLeftAlone) {
  const TemporaryFolder folder;
  atomic_write(folder / "thesis.tex", "text");
  EXPECT_THAT(error_of(ErrorCode::not_comparable, [&] { sample_store(folder); }), HasSubstr("it holds thesis.tex"));
  EXPECT_FALSE(fs::exists(folder / "manifest.json"));
  EXPECT_TRUE(fs::exists(folder / "thesis.tex"));
}

TEST(Store, ALockAndABegunManifestDontMakeAFolderForeign) {
  const TemporaryFolder folder;
  atomic_write(folder / ".lock", "");
  atomic_write(folder / "manifest.json.999999999.tmp", "{\"sch");
  sample_store(folder);
  EXPECT_FALSE(fs::exists(folder / "manifest.json.999999999.tmp"));
}

TEST(Store, StaleTemporariesOfAllItsFoldersAreRemoved) {
  const TemporaryFolder folder;
  const Store store = sample_store(folder);
  fill(store, "blocks");
  atomic_write(folder / "record.json.999999999.tmp", "x");
  atomic_write(folder / "blocks/000001.h5.999999999.tmp", "x");
  EXPECT_EQ(store.remove_stale_temporaries(), 2);
  EXPECT_EQ(store.remove_stale_temporaries(), 0);
}

TEST(Store, OpeningWhatIsNotARunIsAnIoError) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of(ErrorCode::io, [&] { Store::open(folder); }), HasSubstr("has no manifest.json"));
  error_of(ErrorCode::io, [&] { Store::open(folder / "absent"); });
  atomic_write(folder / "file", "x");
  error_of(ErrorCode::io, [&] { sample_store(folder / "file"); });
}

TEST(Store, PathsAreKindAndSixDigits) {
  const TemporaryFolder folder;
  const Store store = sample_store(folder);
  EXPECT_EQ(store.block_path("blocks", {12, 0, 1}), folder / "blocks/000012.h5");
  EXPECT_EQ(store.block_path("features.net", {0, 0, 1}), folder / "features.net/000000.h5");
  for (const char* kind : {"", "other", "features.", "features.a/../..", "../blocks"})
    error_of(ErrorCode::internal, [&] { store.block_path(kind, {}); });
}

TEST(Store, BlocksRoundTripAndGatherInIdOrder) {
  const TemporaryFolder folder;
  const Store store = sample_store(folder);
  for (const auto index : {2, 0, 1}) store.put_block("blocks", store.blocks()[index], arrays_of(store.blocks()[index]));
  EXPECT_EQ(store.get_block("blocks", store.blocks()[1]).at("ids").as<std::uint64_t>()[0], 3u);
  EXPECT_EQ(store.get_block("blocks", store.blocks()[1], "ids").size(), 1u);
  EXPECT_THAT(store.gather("blocks", "ids").as<std::uint64_t>(), ElementsAre(0, 1, 2, 3, 4, 5, 6));
  const Array rows = store.gather("blocks", "rows");
  EXPECT_THAT(rows.shape, ElementsAre(7, 2));
  EXPECT_EQ(rows.dtype, DType::f32);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(rows.as<float>()[2 * i + 1], float(i) + 0.5f);
}

TEST(Store, GatherNamesWhatIsMissingOrUnlike) {
  const TemporaryFolder folder;
  const Store store = sample_store(folder);
  fill(store, "blocks");
  const auto last = store.blocks()[2];
  const auto gather_with = [&](ErrorCode code, const Array& rows) {
    store.put_block("blocks", last, {{"rows", rows}});
    return error_of(code, [&] { store.gather("blocks", "rows"); });
  };
  EXPECT_THAT(gather_with(ErrorCode::data, make_array<double>(std::vector<double>{1, 2}, {1, 2})),
              HasSubstr("000002.h5: dataset rows: expected F32 [*, 2] as in the blocks before it, found F64 [*, 2]"));
  EXPECT_THAT(gather_with(ErrorCode::data, make_array<float>(std::vector<float>{1, 2, 3}, {1, 3})),
              HasSubstr("found F32 [*, 3]"));
  EXPECT_THAT(gather_with(ErrorCode::data, make_array<float>(std::vector<float>{1}, {})), HasSubstr("a single number"));
  EXPECT_THAT(error_of(ErrorCode::data, [&] { store.gather("blocks", "absent"); }), HasSubstr("no dataset \"absent\""));
  fs::remove(store.block_path("blocks", last));
  EXPECT_THAT(error_of(ErrorCode::io, [&] { store.gather("blocks", "rows"); }), HasSubstr("000002.h5: is missing"));
}

TEST(Store, ADamagedBlockIsSetAsideAndCountsAsMissing) {
  const TemporaryFolder folder;
  const Store store = sample_store(folder);
  const auto range = store.blocks()[1];
  EXPECT_FALSE(store.has_block("blocks", range));
  fill(store, "blocks");
  EXPECT_TRUE(store.has_block("blocks", range));
  const Bytes whole = read_file(folder / "blocks/000001.h5");
  flip_a_byte(folder / "blocks/000001.h5");
  error_of(ErrorCode::data, [&] { store.get_block("blocks", range); });
  EXPECT_FALSE(store.has_block("blocks", range));
  EXPECT_FALSE(fs::exists(folder / "blocks/000001.h5"));
  EXPECT_TRUE(fs::exists(folder / "blocks/000001.h5.damaged"));
  store.put_block("blocks", range, arrays_of(range));
  EXPECT_TRUE(store.has_block("blocks", range));
  EXPECT_EQ(read_file(folder / "blocks/000001.h5"), whole);
}

TEST(Store, ABlockOfAnotherRangeOrPlanCountsAsMissing) {
  const TemporaryFolder folder;
  const Store store = sample_store(folder / "a");
  fill(store, "blocks");
  fs::copy_file(folder / "a/blocks/000000.h5", folder / "a/blocks/000001.h5", fs::copy_options::overwrite_existing);
  EXPECT_THAT(error_of(ErrorCode::data, [&] { store.get_block("blocks", store.blocks()[1]); }),
              HasSubstr("expected block 1 with 3 ids from 3, found block 0 with 3 ids from 0"));
  EXPECT_FALSE(store.has_block("blocks", store.blocks()[1]));

  const Store other = Store::open_or_create(folder / "b", {{"seed", 2}}, 7, 3);
  fill(other, "blocks");
  fs::copy_file(folder / "b/blocks/000000.h5", folder / "a/blocks/000000.h5", fs::copy_options::overwrite_existing);
  EXPECT_THAT(error_of(ErrorCode::data, [&] { store.get_block("blocks", store.blocks()[0]); }),
              HasSubstr("belongs to the config of sha256 " + other.config_sha256()));
  EXPECT_FALSE(store.has_block("blocks", store.blocks()[0]));
}

TEST(Store, VerifyListsEveryExpectedBlockOfEveryKindAndChangesNothing) {
  const TemporaryFolder folder;
  const Store store = sample_store(folder);
  EXPECT_EQ(store.verify().size(), 3u);
  fill(store, "blocks");
  store.put_block("features.net", store.blocks()[0], arrays_of(store.blocks()[0]));
  fs::create_directories(folder / "pictures");
  flip_a_byte(folder / "blocks/000002.h5");
  const auto report = store.verify();
  std::vector<std::string> states;
  for (const auto& status : report)
    states.push_back(status.kind + " " + std::to_string(status.range.index) + " " + status.state.substr(0, 8));
  EXPECT_THAT(states, ElementsAre("blocks 0 ok", "blocks 1 ok", "blocks 2 damaged:", "features.net 0 ok",
                                  "features.net 1 missing", "features.net 2 missing"));
  EXPECT_THAT(report[2].state, HasSubstr("damaged: " + (folder / "blocks/000002.h5").string() + ": offset 512"));
  EXPECT_EQ(report[0].sha256, sha256_file(folder / "blocks/000000.h5"));
  EXPECT_EQ(report[0].bytes, fs::file_size(folder / "blocks/000000.h5"));
  EXPECT_EQ(report[4].sha256, "");
  EXPECT_TRUE(fs::exists(folder / "blocks/000002.h5"));
}

TEST(Store, AFullDiskAtAnyOperationLeavesTheOldBlockOrTheNewOneWhole) {
  const TemporaryFolder folder;
  const Store store = sample_store(folder);
  const auto range = store.blocks()[2];
  const ArrayMap old_arrays = {{"value", make_array<float>(std::vector<float>{1}, {1})}};
  const ArrayMap new_arrays = {{"value", make_array<float>(std::vector<float>{2}, {1})}};
  int operation = 1;
  for (bool failed = true; failed && operation < 50; ++operation) {
    store.put_block("blocks", range, old_arrays);
    inject_file_fault(FileFault{operation, ENOSPC});
    failed = false;
    try {
      store.put_block("blocks", range, new_arrays);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::io);
      failed = true;
    }
    inject_file_fault(std::nullopt);
    ASSERT_TRUE(store.has_block("blocks", range));
    const float value = store.get_block("blocks", range).at("value").as<float>()[0];
    EXPECT_TRUE(value == 2.0f || (failed && value == 1.0f)) << value;
    EXPECT_EQ(store.remove_stale_temporaries(), 0) << "operation " << operation;
  }
  EXPECT_GE(operation, 6) << "open, write, fsync, rename and the folder's fsync must each have failed once";
  EXPECT_LT(operation, 50);
}

TEST(Store, AFullDiskWhileItIsMadeLeavesAFolderThatCanBeMade) {
  const TemporaryFolder folder;
  for (int operation = 1; operation <= 5; ++operation) {
    const fs::path run = folder / std::to_string(operation);
    inject_file_fault(FileFault{operation, ENOSPC});
    error_of(ErrorCode::io, [&] { sample_store(run); });
    inject_file_fault(std::nullopt);
    EXPECT_EQ(sample_store(run).config(), kConfig);
  }
}

}  // namespace
}  // namespace alea
