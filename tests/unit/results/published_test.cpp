#include "results/published.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "core/error.h"
#include "core/files.h"
#include "json_schema.h"

namespace alea {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const fs::path kFile = fs::path(ALEA_SOURCE_DIR) / "results/paper/2412.00205.json";

const Json& file() {
  static const Json json = read_json_file(kFile);
  return json;
}

const PublishedPaper& paper() {
  static const PublishedPaper published = read_published(kFile);
  return published;
}

const PublishedCell& cell(const std::string& table, const std::string& row, const std::string& column) {
  const PublishedTable& t = *paper().find_table(table);
  for (std::size_t c = 0; c < t.columns.size(); ++c)
    if (t.columns[c].name == column) return t.find_row(row)->cells[c];
  throw std::runtime_error("no column " + column);
}

/// A transcription of its own: system, then what is printed in the columns of that table, "-" where nothing is.
struct Transcript {
  const char* table;
  std::vector<const char*> columns;
  std::vector<const char*> rows;
};

const std::vector<Transcript> kTranscripts = {
    {"table1",
     {"random", "ours", "bayesdiff", "mc_dropout"},
     {"imagenet64.adm 3.289 3.254 - 3.268", "imagenet128.adm 8.21 7.88 8.45 -", "imagenet128.adm.2dpm 8.50 8.48 9.67 -",
      "imagenet256.uvit 7.88 7.80 6.81 -", "imagenet512.uvit 16.47 16.37 16.87 -", "cifar10.ddpm 13.494 13.416 - 13.435"}},
    {"table2",
     {"ause.ours", "aurg.ours", "ause.mc_dropout", "aurg.mc_dropout"},
     {"imagenet64.adm 74.48 5.05 84.94 -4.85", "cifar10.ddpm 0.01 18.48 1.27 16.19"}},
    {"table3",
     {"normal", "guided"},
     {"imagenet64.adm 24.16 23.21", "imagenet128.adm 45.10 44.02", "cifar10.ddpm 27.39 26.45", "imagenet256.uvit 51.45 50.34",
      "imagenet512.uvit 60.72 59.81"}},
    {"table4",
     {"precision.random", "precision.ours", "recall.random", "recall.ours"},
     {"imagenet64.adm 0.999 0.999 0.004 0.005", "imagenet128.adm 0.951 0.951 0.371 0.380",
      "imagenet128.adm.2dpm 0.874 0.872 0.524 0.540", "imagenet256.uvit 0.325 0.339 0.762 0.856",
      "imagenet512.uvit 0.791 0.793 0.431 0.451", "cifar10.ddpm 0.685 0.685 0.00 0.00"}},
    {"table5",
     {"plain", "estimated"},
     {"imagenet64.adm 40.753 52.387", "imagenet128.adm 86.805 112.777", "imagenet128.adm.2dpm 86.712 112.765",
      "imagenet256.uvit 26.272 37.058", "imagenet512.uvit 32.859 47.531", "cifar10.ddpm 2.661 3.671"}},
    {"table6",
     {"plain", "estimated"},
     {"imagenet64.adm 41.013 89.316", "imagenet128.adm 86.768 190.939", "imagenet128.adm.2dpm 86.750 190.871",
      "imagenet256.uvit 43.987 60.550", "imagenet512.uvit 53.189 74.420", "cifar10.ddpm 2.726 6.302"}}};

TEST(PublishedTables, AreWhatThePaperPrintsByASecondTranscription) {
  ASSERT_EQ(paper().tables.size(), kTranscripts.size());
  for (const Transcript& transcript : kTranscripts) {
    const PublishedTable& table = *paper().find_table(transcript.table);
    EXPECT_EQ(table.rows.size(), transcript.rows.size()) << transcript.table;
    for (const char* line : transcript.rows) {
      std::istringstream words(line);
      std::string row, printed;
      words >> row;
      for (const char* column : transcript.columns) {
        words >> printed;
        const PublishedCell& found = cell(transcript.table, row, column);
        const std::string text = found.value ? fmt::format("{:.{}f}", *found.value, found.decimals) : "-";
        EXPECT_EQ(text, printed) << transcript.table << " " << row << " " << column;
      }
    }
  }
}

TEST(PublishedTables, MatchTheirSchemaWhichRefusesWhatTheReaderRefuses) {
  const Json schema = read_json_file(fs::path(ALEA_SOURCE_DIR) / "results/schema/published.schema.json");
  EXPECT_EQ(schema_problems(schema, file()), "");
  const std::vector<std::string> patches = {
      R"([{"op":"remove","path":"/paper"}])",
      R"([{"op":"add","path":"/extra","value":1}])",
      R"([{"op":"replace","path":"/schema_version","value":2}])",
      R"([{"op":"replace","path":"/tables/0/columns/0/direction","value":"up"}])",
      R"([{"op":"replace","path":"/tables/0/columns/2/derived/how","value":"sum"}])",
      R"([{"op":"remove","path":"/tables/0/columns/2/derived/of/0"}])",
      R"([{"op":"remove","path":"/tables/0/rows/0/cells/random/status"}])",
      R"([{"op":"remove","path":"/tables/0/rows/0/cells/random/reason"}])",
      R"([{"op":"replace","path":"/tables/0/rows/0/cells/random/printed","value":"3,289"}])",
      R"([{"op":"replace","path":"/tables/0/rows/0/cells/random/printed","value":3.289}])",
      R"([{"op":"add","path":"/tables/0/rows/0/cells/bayesdiff/printed","value":"3.1"}])",
      R"([{"op":"add","path":"/tables/0/rows/0/cells/gain.ours/reason","value":"scale"}])",
  };
  for (const std::string& patch : patches) {
    const Json bad = file().patch(Json::parse(patch));
    EXPECT_NE(schema_problems(schema, bad), "") << patch;
    EXPECT_THROW(published_from_json(bad, "bad"), Error) << patch;
  }
}

TEST(PublishedTables, TheReaderAlsoRefusesWhatNoSchemaSees) {
  const auto message = [](const char* patch) {
    try {
      published_from_json(file().patch(Json::parse(patch)), "bad");
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::data);
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  EXPECT_THAT(message(R"([{"op":"remove","path":"/tables/1/rows/0/cells/ause.ours"}])"),
              HasSubstr("/tables/1/rows/0/cells/ause.ours  missing"));
  EXPECT_THAT(message(R"([{"op":"replace","path":"/tables/0/rows/0/cells/random/reason","value":"refrence"}])"),
              HasSubstr("did you mean \"reference\"?"));
  EXPECT_THAT(message(R"([{"op":"replace","path":"/tables/0/columns/2/derived/of/0","value":"normal"}])"),
              HasSubstr("\"normal\" is no printed column"));
  EXPECT_THAT(message(R"([{"op":"add","path":"/tables/0/rows/0/cells/gain.ours/printed","value":"0.035"}])"),
              HasSubstr("nothing is printed here"));
}

TEST(PublishedTables, DerivedColumnsAreHadFromTheirParts) {
  const PublishedCell& gain = cell("table1", "imagenet64.adm", "gain.ours");
  EXPECT_NEAR(*gain.value, 0.035, 1e-12);
  EXPECT_NEAR(gain.rounding, 0.001, 1e-12);
  EXPECT_NEAR(*cell("table1", "imagenet128.adm", "gain.ours").value, 0.33, 1e-12);
  EXPECT_NEAR(*cell("table5", "imagenet64.adm", "ratio").value, 1.2855, 1e-4);
  EXPECT_NEAR(*cell("table6", "imagenet128.adm", "ratio").value, 2.2006, 1e-4);
  EXPECT_FALSE(cell("table1", "imagenet128.adm", "gain.mc_dropout").value);
}

TEST(PublishedTables, OnlyGainsOfTable1AndRatiosOfAdmAreCompared) {
  for (const PublishedTable& table : paper().tables)
    for (const PublishedRow& row : table.rows)
      for (std::size_t c = 0; c < table.columns.size(); ++c) {
        const std::string& column = table.columns[c].name;
        const bool is_gain = table.name == "table1" && column.starts_with("gain.") && row.cells[c].value;
        const bool is_ratio = column == "ratio" && row.model.starts_with("ADM");
        EXPECT_EQ(row.cells[c].status == CellStatus::compared, is_gain || is_ratio)
            << table.name << " " << row.name << " " << column;
        EXPECT_EQ(row.cells[c].reason.empty(), row.cells[c].status != CellStatus::not_sound);
      }
}

TEST(PublishedTables, VoidCellsSayWhatVoidsThem) {
  EXPECT_THAT(cell("table2", "cifar10.ddpm", "ause.ours").reason, HasSubstr("range of 255"));
  EXPECT_THAT(cell("table3", "imagenet64.adm", "gain").reason, HasSubstr("training mode"));
  EXPECT_THAT(cell("table4", "imagenet64.adm", "recall.ours").reason, HasSubstr("NaN"));
  EXPECT_THAT(cell("table1", "imagenet128.adm", "bayesdiff").reason, HasSubstr("copied"));
  EXPECT_THAT(cell("table1", "cifar10.ddpm", "random").reason, HasSubstr("Which real images"));
  EXPECT_THAT(cell("table5", "imagenet64.adm", "plain").reason, HasSubstr("another machine"));
  EXPECT_THAT(cell("table5", "imagenet256.uvit", "ratio").reason, HasSubstr("another sampler"));
  EXPECT_THAT(cell("table6", "cifar10.ddpm", "ratio").reason, HasSubstr("MC-Dropout"));
  EXPECT_THAT(cell("table5", "imagenet64.adm", "ratio").reason, IsEmpty());
}

}  // namespace
}  // namespace alea
