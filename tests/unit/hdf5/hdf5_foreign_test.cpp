#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "core/error.h"
#include "hdf5/hdf5.h"

namespace alea {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const fs::path kFixtures = fs::path(ALEA_SOURCE_DIR) / "tests/fixtures/hdf5";

std::string data_error_of(std::span<const std::byte> image, const std::string& source) {
  try {
    read_hdf5_image(image, source);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::data) << error.what();
    return error.what();
  }
  ADD_FAILURE() << source << ": no Error was thrown";
  return "";
}

TEST(Hdf5Foreign, BigEndianPackedAndFixedStringsAreRead) {
  const auto content = read_hdf5_image(read_file(kFixtures / "foreign.h5"), "foreign.h5");
  EXPECT_EQ(content.attributes, (std::map<std::string, std::string>{{"text", "grüße"}, {"fixed", "abc"}}));
  ASSERT_EQ(content.arrays.size(), 3u);
  EXPECT_THAT(content.arrays.at("big_endian").as<float>(), ElementsAre(1.5f, -2.0f, 0.25f, 1e30f));
  const Array& packed = content.arrays.at("group/packed");
  EXPECT_EQ(packed.dtype, DType::i16);
  EXPECT_THAT(packed.shape, ElementsAre(10, 100));
  EXPECT_EQ(packed.attributes.at("unit"), "1");
  for (std::int16_t i = 0; i < 1000; ++i) ASSERT_EQ(packed.as<std::int16_t>()[i], i);
  EXPECT_EQ(content.arrays.at("zeros").bytes, Bytes(40 * 40 * 8));
}

TEST(Hdf5Foreign, SizesBeyondWhatIsStoredAreRefusedBeforeMemoryIsTaken) {
  for (const char* name : {"never_filled", "never_filled_chunks"}) {
    const std::string message = data_error_of(read_file(kFixtures / (std::string(name) + ".h5")), name);
    EXPECT_THAT(message, HasSubstr(std::string(name) + ": dataset huge: claims 1099511627776 elements"));
  }
  EXPECT_THAT(data_error_of(read_file(kFixtures / "overflow.h5"), "o"), HasSubstr("dataset huge: its extents multiply"));
}

TEST(Hdf5Foreign, WhatLeadsElsewhereIsRefused) {
  EXPECT_THAT(data_error_of(read_file(kFixtures / "soft_link.h5"), "s"), HasSubstr("link is a soft or external link"));
  EXPECT_THAT(data_error_of(read_file(kFixtures / "external_link.h5"), "s"), HasSubstr("link is a soft or external link"));
  EXPECT_THAT(data_error_of(read_file(kFixtures / "external_values.h5"), "s"), HasSubstr("values in other files"));
  EXPECT_THAT(data_error_of(read_file(kFixtures / "virtual.h5"), "s"), HasSubstr("values in other files"));
}

TEST(Hdf5Foreign, OtherTypesAndFiltersAreNamed) {
  EXPECT_THAT(data_error_of(read_file(kFixtures / "text_dataset.h5"), "s"), HasSubstr("s: dataset words: has an HDF5 type"));
  EXPECT_THAT(data_error_of(read_file(kFixtures / "half.h5"), "s"), HasSubstr("and 2 bytes"));
  EXPECT_THAT(data_error_of(read_file(kFixtures / "plugin_filter.h5"), "s"), HasSubstr("packed by HDF5 filter 32000"));
  EXPECT_THAT(data_error_of(read_file(kFixtures / "null_space.h5"), "s"), HasSubstr("null space"));
}

TEST(Hdf5Foreign, WhatIsNotHdf5IsNamedWithTheReasonOfTheLibrary) {
  EXPECT_THAT(data_error_of({}, "nothing"), HasSubstr("nothing: is empty"));
  const Bytes zeros(4096);
  EXPECT_THAT(data_error_of(zeros, "zeros"), HasSubstr("zeros: can't open it as HDF5: "));
  EXPECT_THAT(data_error_of(zeros, "zeros"), HasSubstr("signature not found"));
}

TEST(Hdf5Foreign, EveryTruncationIsADataError) {
  const std::vector<float> values(50, 1.0f);
  const Bytes image = hdf5_image({{"group/values", make_array<float>(values, {50})}}, {{"a", "b"}});
  for (std::size_t length = 0; length < image.size(); length += 1 + length / 50)
    data_error_of(std::span(image).first(length), "cut");
}

TEST(Hdf5Foreign, H5pyReadsWhatWeWrite) {
  if (std::system("/usr/bin/python3 -c 'import h5py' 2>/dev/null") != 0) GTEST_SKIP() << "python3-h5py isn't installed";
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  Array array = make_array<float>(values, {2, 3});
  array.attributes["unit"] = "grey levels²";
  const fs::path path = fs::path(::testing::TempDir()) / ("alea_h5py_" + std::to_string(::getpid()) + ".h5");
  atomic_write(path, hdf5_image({{"curves/kept", array}}, {{"schema", "alea.curves"}}));
  const std::string program =
      "import h5py, numpy\n"
      "with h5py.File('" +
      path.string() +
      "') as f:\n"
      "    d = f['curves/kept']\n"
      "    assert d.dtype == '<f4' and d.shape == (2, 3) and (d[:] == [[1, 2, 3], [4, 5, 6]]).all()\n"
      "    assert d.attrs['unit'] == 'grey levels\\u00b2' and f.attrs['schema'] == 'alea.curves'\n";
  EXPECT_EQ(std::system(("/usr/bin/python3 -c \"" + program + "\"").c_str()), 0);
  fs::remove(path);
}

}  // namespace
}  // namespace alea
