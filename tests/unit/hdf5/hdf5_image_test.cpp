#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>

#include "core/error.h"
#include "core/files.h"
#include "hdf5/hdf5.h"

namespace alea {
namespace {

using ::testing::HasSubstr;

template <class T>
Array array_of(std::vector<T> values, std::vector<std::uint64_t> shape) {
  return make_array<T>(std::span<const T>(values), std::move(shape));
}

Array counted(DType dtype, std::vector<std::uint64_t> shape) {
  Array array{dtype, std::move(shape), {}, {}};
  array.bytes.resize(array.elements() * dtype_bytes(dtype));
  for (std::size_t i = 0; i < array.bytes.size(); ++i) array.bytes[i] = static_cast<std::byte>(i * 37 + 11);
  return array;
}

ArrayMap sample_arrays() {
  ArrayMap arrays;
  arrays["scores"] = array_of<double>({1.5, -2.25, 1e300}, {3});
  arrays["curves/deep/er/values"] = array_of<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  arrays["curves/ids"] = array_of<std::uint64_t>({0, ~std::uint64_t{0}}, {2});
  arrays["images"] = counted(DType::u8, {5, 7, 7, 3});
  arrays["scores"].attributes = {{"unit", "1"}, {"meaning", "Σ U_t über das Fenster"}, {"empty", ""}};
  return arrays;
}

void expect_equal(const ArrayMap& found, const ArrayMap& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [name, array] : expected) {
    ASSERT_TRUE(found.contains(name)) << name;
    EXPECT_EQ(found.at(name).dtype, array.dtype) << name;
    EXPECT_EQ(found.at(name).shape, array.shape) << name;
    EXPECT_EQ(found.at(name).bytes, array.bytes) << name;
    EXPECT_EQ(found.at(name).attributes, array.attributes) << name;
  }
}

ErrorCode code_of(const std::function<void()>& action, std::string* message) {
  try {
    action();
  } catch (const Error& error) {
    *message = error.what();
    return error.code();
  }
  ADD_FAILURE() << "no Error was thrown";
  return ErrorCode::internal;
}

TEST(Hdf5Image, RoundTripKeepsEveryDtypeShapeAndAttribute) {
  ArrayMap arrays = sample_arrays();
  for (const DType dtype :
       {DType::u8, DType::i8, DType::i16, DType::u16, DType::i32, DType::u32, DType::f32, DType::f64, DType::i64, DType::u64})
    arrays[std::string("dtypes/") + dtype_name(dtype)] = counted(dtype, {3, 2});
  arrays["scalar"] = array_of<float>({42}, {});
  arrays["no_rows"] = Array{DType::f32, {0, 4}, {}, {}};
  const std::map<std::string, std::string> attributes = {{"created", "never"}, {"long", std::string(200'000, 'x')}};
  const auto content = read_hdf5_image(hdf5_image(arrays, attributes), "memory");
  expect_equal(content.arrays, arrays);
  EXPECT_EQ(content.attributes, attributes);
}

TEST(Hdf5Image, ManyArraysAndAttributesRoundTrip) {
  ArrayMap arrays;
  std::map<std::string, std::string> attributes;
  for (int i = 0; i < 100; ++i) {
    arrays["group/" + std::to_string(i)] = array_of<std::int64_t>({i}, {1});
    attributes["key" + std::to_string(i)] = std::to_string(i);
  }
  const auto content = read_hdf5_image(hdf5_image(arrays, attributes), "memory");
  expect_equal(content.arrays, arrays);
  EXPECT_EQ(content.attributes, attributes);
}

TEST(Hdf5Image, FilesOfTheCurrentFolderDontMatter) {
  const fs::path before = fs::current_path(), folder = fs::temp_directory_path() / fmt::format("alea_hdf5_{}", ::getpid());
  fs::create_directories(folder);
  fs::current_path(folder);
  atomic_write("alea", "the program's own name");
  const ArrayMap arrays = sample_arrays();
  expect_equal(read_hdf5_image(hdf5_image(arrays), "memory").arrays, arrays);
  fs::current_path(before);
  fs::remove_all(folder);
}

TEST(Hdf5Image, NothingAtAllRoundTrips) {
  const auto content = read_hdf5_image(hdf5_image({}), "memory");
  EXPECT_TRUE(content.arrays.empty());
  EXPECT_TRUE(content.attributes.empty());
}

TEST(Hdf5Image, OnlyReadsTheOneDatasetNamed) {
  const Bytes image = hdf5_image(sample_arrays());
  const auto content = read_hdf5_image(image, "memory", "curves/ids");
  ASSERT_EQ(content.arrays.size(), 1u);
  EXPECT_EQ(content.arrays.at("curves/ids").as<std::uint64_t>()[1], ~std::uint64_t{0});
  std::string message;
  EXPECT_EQ(code_of([&] { read_hdf5_image(image, "memory", "absent"); }, &message), ErrorCode::data);
  EXPECT_THAT(message, HasSubstr("memory: has no dataset \"absent\""));
}

TEST(Hdf5Image, EqualInputGivesEqualBytesWhateverWasMadeBefore) {
  const Bytes first = hdf5_image(sample_arrays(), {{"a", "b"}});
  hdf5_image({{"other/thing", counted(DType::u16, {100, 100})}}, {{"noise", std::string(5000, 'n')}});
  EXPECT_EQ(hdf5_image(sample_arrays(), {{"a", "b"}}), first);
  EXPECT_NE(hdf5_image(sample_arrays(), {{"a", "c"}}), first);
}

// The mode of the child process of the next test.
TEST(Hdf5Image, DISABLED_WritesImageForAnotherProcess) {
  const char* path = std::getenv("ALEA_TEST_IMAGE");
  ASSERT_NE(path, nullptr);
  ::sleep(1);  // object times count whole seconds
  atomic_write(path, hdf5_image(sample_arrays(), {{"a", "b"}}));
}

TEST(Hdf5Image, EqualInputGivesEqualBytesInAnotherProcessWithOtherMemoryAndTime) {
  const Bytes ours = hdf5_image(sample_arrays(), {{"a", "b"}});
  const fs::path path = fs::path(::testing::TempDir()) / ("alea_hdf5_" + std::to_string(::getpid()) + ".h5");
  const std::string image = "ALEA_TEST_IMAGE=" + path.string();
  // glibc then fills every fresh and freed block, so that uninitialised bytes in the image would show.
  const char* environment[] = {image.c_str(), "MALLOC_PERTURB_=171", nullptr};
  const char* arguments[] = {"test_hdf5", "--gtest_also_run_disabled_tests",
                             "--gtest_filter=Hdf5Image.DISABLED_WritesImageForAnotherProcess", nullptr};
  pid_t child = 0;
  ASSERT_EQ(
      ::posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, const_cast<char**>(arguments), const_cast<char**>(environment)),
      0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(read_file(path), ours);
  fs::remove(path);
}

TEST(Hdf5Image, BytesThatDontFillTheShapeAreShapeErrors) {
  std::string message;
  const Array wrong{DType::f32, {2, 3}, Bytes(20), {}};
  EXPECT_EQ(code_of([&] { hdf5_image({{"a", wrong}}); }, &message), ErrorCode::shape);
  EXPECT_THAT(message, HasSubstr("array a: its shape asks for 6 elements of 4 bytes, but 20 bytes are given"));
  const Array endless{DType::f32, {std::uint64_t{1} << 40, std::uint64_t{1} << 40}, {}, {}};
  EXPECT_EQ(code_of([&] { hdf5_image({{"a", endless}}); }, &message), ErrorCode::shape);
}

TEST(Hdf5Image, DtypesWithoutStandardTypeAreNamed) {
  for (const DType dtype : {DType::boolean, DType::f16, DType::bf16}) {
    std::string message;
    EXPECT_EQ(code_of([&] { hdf5_image({{"a", counted(dtype, {2})}}); }, &message), ErrorCode::internal);
    EXPECT_THAT(message, HasSubstr(dtype_name(dtype)));
  }
}

TEST(Hdf5Image, PathsThatArentGroupAndNameAreOurBug) {
  for (const char* path : {"", "/a", "a/", "a//b", ".", "a/./b"}) {
    std::string message;
    EXPECT_EQ(code_of([&] { hdf5_image({{path, counted(DType::u8, {1})}}); }, &message), ErrorCode::internal) << path;
  }
}

TEST(Hdf5Image, ArrayWhereAGroupMustBeTellsTheReasonOfTheLibrary) {
  std::string message;
  const ArrayMap arrays = {{"a", counted(DType::u8, {1})}, {"a/b", counted(DType::u8, {1})}};
  EXPECT_EQ(code_of([&] { hdf5_image(arrays); }, &message), ErrorCode::internal);
  EXPECT_THAT(message, HasSubstr("dataset a/b: can't make group a: "));
  EXPECT_THAT(message, HasSubstr("exists"));
}

TEST(Hdf5Image, VersionIsThreeNumbers) { EXPECT_THAT(hdf5_version(), ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+")); }

}  // namespace
}  // namespace alea
