#include "run/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "models/nn/kernels.h"

namespace alea {
namespace {

using testing::AllOf;
using testing::HasSubstr;

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

std::string refusal(const Device& device, int n_devices) {
  try {
    require_device(device, n_devices);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::config);
    return error.what();
  }
  return "";
}

TEST(RequireDevice, TellsNoGpuFromAnIndexPastTheLast) {
  EXPECT_EQ(refusal({Device::Kind::cuda, 1}, 2), "");
  EXPECT_EQ(refusal({}, 0), "");
  EXPECT_THAT(refusal({Device::Kind::cuda, 0}, 0), AllOf(HasSubstr("cuda:0"), HasSubstr("no NVIDIA GPU"), HasSubstr("driver")));
  EXPECT_THAT(refusal({Device::Kind::cuda, 2}, 2), AllOf(HasSubstr("cuda:2"), HasSubstr("has 2 GPUs"), HasSubstr("cuda:1")));
  EXPECT_THAT(refusal({Device::Kind::cuda, 7}, 1), HasSubstr("has 1 GPU, so the last one is cuda:0"));
}

TEST(NumericsOfADevice, NameTheDeviceAndItsKernels) {
  EXPECT_EQ(numerics_of({}), (Json{{"device", "cpu"}, {"kernels", "fused"}}));
  const nn::PortableKernels portable;
  EXPECT_EQ(numerics_of({}), (Json{{"device", "cpu"}, {"kernels", "portable"}}));
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
