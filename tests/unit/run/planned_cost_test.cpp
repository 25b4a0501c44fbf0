#include "run/planned_cost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/config_extends.h"
#include "core/files.h"
#include "core/share.h"
#include "protocols/reference_file.h"
#include "protocols/reproduce_list.h"
#include "tests/support/environment.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const fs::path kConfigs = fs::path(ALEA_SOURCE_DIR) / "protocols/configs";

ResolvedConfig resolved(const std::string& name) { return resolve_config(read_config_file(kConfigs / (name + ".json")), name); }

PlannedCost cost_of_config(const std::string& name) { return planned_cost(resolved(name).protocol->plan()); }

TEST(PlannedCost, CountsEveryEvaluation) {
  EXPECT_EQ(cost_of_config("paper/imagenet128.adm").nfe, 50u + 20u);
  EXPECT_EQ(cost_of_config("paper/imagenet64.adm").nfe, 50u + 20u + 50u);
  EXPECT_EQ(cost_of_config("paper/imagenet128.adm").forwards(), 60000u * 70u);
  EXPECT_EQ(cost_of_config("guidance.toy").nfe, 10u + 10u + 10u * 9u) << "both arms; a backward counts as two";
  EXPECT_EQ(cost_of_config("reconstruction.fmnist").nfe, 26u + 20u) << "from t = 500 on, the first at or below T/2";
}

TEST(PlannedCost, CountsArmsOfSweepsAndTimedGenerations) {
  const PlannedCost sweep = cost_of_config("sweep_guidance.toy");
  const std::size_t cells = resolved("sweep_guidance.toy").protocol->plan().arms.size() - 1;
  EXPECT_EQ(sweep.images, 192u) << "ids, not rows of arms";
  EXPECT_EQ(sweep.nfe, 10u + cells * (10u + 10u * 9u)) << "one arm without a guide";
  const PlannedCost timed = cost_of_config("reproduce/cost.fmnist.smoke");
  EXPECT_EQ(timed.forwards(), 8u * (1 + 7) * (50 + 65 + 70 + 110 + 130 + 100 + 50)) << "warming up, seven repeats, plain twice";
  EXPECT_EQ(timed.disk_bytes, 0u);
}

TEST(PlannedCost, CountsEveryByteOfAToy) {
  // 192 images of 4x4 in two arms; features of 16 floats of both, and of the sixth that gets three defects
  EXPECT_EQ(cost_of_config("guidance.toy").disk_bytes, 2u * 192 * 16 + 4u * 16 * (2 * 192 + 3 * 32));
  // one arm; maps of aleatoric's two statistics, free.eps_energy and random.score at most
  EXPECT_EQ(cost_of_config("smoke.toy").disk_bytes, 192u * 16 * (1 + 4 * 4) + 4u * 16 * (192 + 3 * 32));
}

TEST(SmokeRows, TakeAtMost350000ForwardsTogether) {
  const ReproduceList list = read_reproduce_list(fs::path(ALEA_SOURCE_DIR) / "protocols/reproduce.json");
  std::map<std::string, std::uint64_t> forwards;
  for (const ReproduceRow& row : select_rows(list, "all", "smoke", {}))
    forwards[row.config] = planned_cost(resolve_config(read_config_file(row.path), row.config).protocol->plan()).forwards();
  std::uint64_t sum = 0;
  for (const auto& [config, n] : forwards) sum += n;
  EXPECT_LE(sum, 350000u);
  EXPECT_GT(sum, 50000u);
}

TEST(MissingFiles, NameTheCommandThatGetsEach) {
  const testing::TemporaryFolder empty;
  const test::ScopedVariable weights("ALEA_WEIGHTS", empty.path().string());
  const auto missing = missing_files(resolved("paper/imagenet256.uvit"), "IMAGES");
  EXPECT_THAT(missing, Contains(HasSubstr("`scripts/fetch uvit256`")));
  EXPECT_THAT(missing, Contains(HasSubstr("`scripts/fetch autoencoder-kl`")));
  EXPECT_THAT(missing, Contains(HasSubstr("`scripts/fetch inception`")));
  EXPECT_THAT(missing, Contains(HasSubstr("`alea stats build IMAGES --out " +
                                          reference_path("references/imagenet256.train.inception.npz").string() + "`")));
  EXPECT_THAT(missing_files(resolved("smoke.toy"), "IMAGES"), IsEmpty());
  EXPECT_THAT(missing_files(resolved("demo.fmnist"), "IMAGES"), IsEmpty());
}

TEST(MissingFiles, ADataSetThatIsntThereIsMissed) {
  Json config = read_config_file(kConfigs / "reconstruction.fmnist.json");
  config["dataset"] = "/nowhere/at/all";
  EXPECT_THAT(missing_files(resolve_config(config, "test"), "IMAGES"), Contains(HasSubstr("/nowhere/at/all")));
}

TEST(MissingFiles, AFitIsMissedBeforeResolving) {
  const Json config = {
      {"estimators", {{{"kind", "random"}}, {{"kind", "bayesdiff"}, {"laplace", "nowhere/fmnist_laplace.safetensors"}}}}};
  const std::string recipe = (share_folder() / "embedded/fmnist_laplace.train.json").string();
  EXPECT_THAT(missing_before_resolving(config), Contains(HasSubstr("`alea train " + recipe + " --out nowhere`")));
  EXPECT_THAT(missing_before_resolving(Json{{"estimators", {{{"kind", "random"}}}}}), IsEmpty());
}

}  // namespace
}  // namespace alea
