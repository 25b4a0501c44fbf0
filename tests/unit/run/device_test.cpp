#include "run/device.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace alea {
namespace {

TEST(ParseDevice, KnowsCpuAndCuda) {
  EXPECT_EQ(parse_device("cpu").name(), "cpu");
  EXPECT_EQ(parse_device("cuda").name(), "cuda:0");
  EXPECT_EQ(parse_device("cuda:3").name(), "cuda:3");
}

TEST(ParseDevice, RefusesAnythingElseAsUsage) {
  for (const char* text : {"", "gpu", "cuda:", "cuda:-1", "cuda:1x", "CPU"}) {
    try {
      parse_device(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage) << text;
    }
  }
}

TEST(OpenDevice, CpuNeedsNothing) { EXPECT_NO_THROW(open_device({})); }

TEST(OpenDevice, CudaThatCannotBeHadIsAConfigErrorWithAWayOut) {
  try {
    open_device({Device::Kind::cuda, 0});
    ADD_FAILURE() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::config);
    EXPECT_NE(std::string(error.what()).find("--device cpu"), std::string::npos);
  }
}

}  // namespace
}  // namespace alea
