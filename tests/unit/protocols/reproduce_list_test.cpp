#include "protocols/reproduce_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "core/config_extends.h"
#include "core/files.h"
#include "results/published.h"
#include "tests/support/process.h"

namespace alea {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const fs::path kList = fs::path(ALEA_SOURCE_DIR) / "protocols/reproduce.json";

const ReproduceList& list() {
  static const ReproduceList read = read_reproduce_list(kList);
  return read;
}

std::string error_of(const std::function<void()>& act, ErrorCode code) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(ReproduceList, RowsNameConfigsAndSystemsOfThePaper) {
  const PublishedPaper paper = read_published(list().published);
  for (const ReproduceRow& row : list().rows) {
    EXPECT_TRUE(fs::exists(row.path)) << row.path;
    const PublishedTable* table = paper.find_table(row.table);
    if (table == nullptr) continue;
    EXPECT_EQ(table->find_row(row.row) != nullptr, row.size == "paper") << row.table << " " << row.row;
    if (const PublishedRow* printed = table->find_row(row.row)) {
      EXPECT_EQ(printed->model, list().system(row.row).model);
      EXPECT_EQ(printed->data, list().system(row.row).data);
    }
  }
}

TEST(ReproduceList, ColumnsAreThoseOfThePaper) {
  const PublishedPaper paper = read_published(list().published);
  for (const auto& [table, columns] : list().columns) {
    const PublishedTable* printed = paper.find_table(table);
    if (printed == nullptr) continue;
    std::set<std::string> names;
    for (const PublishedColumn& column : printed->columns) names.insert(column.name);
    for (const auto& [column, pattern] : columns) EXPECT_TRUE(names.contains(column)) << table << " " << column;
  }
}

TEST(ReproduceList, RowsOfTheSystemsShareTheirModelAcrossTables) {
  std::map<std::string, Json> models;
  for (const ReproduceRow& row : list().rows) {
    const Json model = read_config_file(row.path).at("model");
    EXPECT_EQ(models.emplace(row.row, model).first->second, model) << row.config;
  }
}

TEST(SelectRows, TakesATableASizeAndRows) {
  EXPECT_THAT(select_rows(list(), "table1", "paper", {}), SizeIs(6));
  EXPECT_THAT(select_rows(list(), "table3", "paper", {"cifar10.ddpm", "imagenet64.adm"}), SizeIs(2));
  EXPECT_THAT(select_rows(list(), "table1", "smoke", {}), SizeIs(1));
  for (const ReproduceRow& row : select_rows(list(), "all", "committed", {})) EXPECT_EQ(row.size, "committed");
}

TEST(SelectRows, SuggestsForWhatThereIsNot) {
  const auto usage = [](const std::string& table, const std::string& size, std::vector<std::string> rows) {
    return error_of([&] { select_rows(list(), table, size, rows); }, ErrorCode::usage);
  };
  EXPECT_THAT(usage("tabel1", "paper", {}), HasSubstr("no table or figure tabel1; did you mean \"table1\"?"));
  EXPECT_THAT(usage("table1", "papr", {}), HasSubstr("did you mean \"paper\"?"));
  EXPECT_THAT(usage("table1", "paper", {"imagenet64"}), HasSubstr("there is no row imagenet64"));
  EXPECT_THAT(usage("table1", "smoke", {"cifar10.ddpm"}), HasSubstr("known: fmnist"));
}

TEST(MetricOf, NamesTheNetworkAsRecordsDo) {
  EXPECT_EQ(metric_of("gain.{fd}.kept", "inception"), "gain.fid.kept");
  EXPECT_EQ(metric_of("gain.{fd}.kept", "fmnist_cnn"), "gain.fd.fmnist_cnn.kept");
  EXPECT_EQ(metric_of("precision.{network}", "pixels"), "precision.pixels");
  EXPECT_EQ(metric_of("rmse", "pixels"), "rmse");
}

TEST(ReproduceList, ReportsEverythingThatIsWrongAtOnce) {
  const testing::TemporaryFolder folder;
  Json json = read_json_file(kList);
  json["rows"][0]["row"] = "imagenet46.adm";
  json["rows"][1]["config"] = "../elsewhere.json";
  json["rows"][2]["size"] = "tiny";
  json["rows"].push_back(json["rows"][3]);
  json["systems"][0].erase("rate_of");
  testing::write_text(folder / "list.json", json.dump());
  const std::string text = error_of([&] { read_reproduce_list(folder / "list.json"); }, ErrorCode::config);
  EXPECT_THAT(text, HasSubstr("did you mean \"imagenet64.adm\"?"));
  EXPECT_THAT(text, ContainsRegex("/rows/1/config +expected a path below this file"));
  EXPECT_THAT(text, HasSubstr("/rows/2/size"));
  EXPECT_THAT(text, HasSubstr("is there already"));
  EXPECT_THAT(text, HasSubstr("/systems/0/rate_of"));
}

}  // namespace
}  // namespace alea
