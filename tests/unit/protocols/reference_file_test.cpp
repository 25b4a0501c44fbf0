#include "protocols/reference_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/dataset.h"
#include "fake_run.h"
#include "tests/support/environment.h"

namespace alea {
namespace {

using ::testing::HasSubstr;

TEST(ReferenceFile, OfImagesThatReachTheNetworkInAnotherWayIsNotComparable) {
  const FakeRun run("other_preprocessing");
  run.write_reference();
  const std::string path = (run.folder / "reference.safetensors").string();
  EXPECT_EQ(load_reference(path, {"pixels", FakeRun::kNetworkSha256, ""}).n, 2000u);
  EXPECT_THROW(load_reference(path, {"pixels", FakeRun::kNetworkSha256, "bicubic"}), Error);
}

TEST(ReferenceFile, LiesBelowTheDataFolderOrBesideTheWeightsAndSaysHowToBeMade) {
  const test::ScopedVariable weights("ALEA_WEIGHTS", "/nowhere");
  EXPECT_EQ(reference_path("embedded/fmnist_cnn.train.safetensors"), data_folder() / "embedded/fmnist_cnn.train.safetensors");
  EXPECT_EQ(reference_path("references/a.npz"), "/nowhere/references/a.npz");
  EXPECT_EQ(reference_path("/elsewhere/a.npz"), "/elsewhere/a.npz");
  try {
    load_reference("references/a.npz", {"inception", "abc", "def"});
    ADD_FAILURE() << "loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_THAT(error.what(), HasSubstr("alea stats build DATASET --out /nowhere/references/a.npz"));
  }
}

}  // namespace
}  // namespace alea
