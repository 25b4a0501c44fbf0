#include "results/reproduction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "results/reproduction_layout.h"
#include "sample_record.h"

namespace alea {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

PublishedCell printed(double value, CellStatus status = CellStatus::compared) {
  PublishedCell cell{.status = status, .value = value, .decimals = 3, .rounding = 0.0005};
  if (status == CellStatus::not_sound) cell.reason = "The scale is mixed.";
  return cell;
}

/// fid.kept = 3.25 with a standard error of 0.02, 50,000 images, 2048 features.
Record full_size_record() {
  Record record = sample_record();
  record.data["features"] = {{"network", "inception"}, {"width", 2048}};
  MetricRow row{.name = "fid.kept", .value = 3.25, .n = 50000, .interval = Interval{3.25, 0.02, 3.2092, 3.2908}};
  row.details = {{"group", "headline"}};
  record.metrics.push_back(row);
  return record;
}

TEST(MinimalDetectableEffect, IsWhatATestOfPower80Finds) {
  // t(0.975, 31) = 2.0395, t(0.8, 31) = 0.8535 (tables)
  EXPECT_NEAR(minimal_detectable_effect(1), 2.0395 + 0.8535, 1e-3);
  EXPECT_NEAR(minimal_detectable_effect(0.02), 0.02 * 2.893, 1e-4);
}

TEST(ReproducedCell, DiffersByStandardErrorsBeyondTheRounding) {
  const Record record = full_size_record();
  const ReproducedCell far = reproduced_cell(printed(3.3505), "fid.kept", &record);
  EXPECT_NEAR(*far.difference, -0.1005, 1e-12);
  EXPECT_NEAR(*far.errors_off, 5, 1e-9);
  EXPECT_FALSE(far.agrees());
  EXPECT_TRUE(reproduced_cell(printed(3.29), "fid.kept", &record).agrees());
  EXPECT_TRUE(reproduced_cell(printed(3.2912), "fid.kept", &record).agrees()) << "outside by less than the rounding";
  EXPECT_FALSE(reproduced_cell(printed(3.2920), "fid.kept", &record).agrees());
}

TEST(ReproducedCell, GetsNoDifferenceWhereThePublishedOneIsVoid) {
  const Record record = full_size_record();
  const ReproducedCell cell = reproduced_cell(printed(3.25, CellStatus::not_sound), "fid.kept", &record);
  EXPECT_FALSE(cell.difference);
  EXPECT_FALSE(cell.errors_off);
  EXPECT_EQ(cell.no_verdict, "The scale is mixed.");
  EXPECT_EQ(*cell.row->value, 3.25) << "ours is shown all the same";
  EXPECT_NEAR(*cell.detectable, 0.0579, 1e-4);
}

TEST(ReproducedCell, GetsNoVerdictOfTooFewImages) {
  Record record = full_size_record();
  record.metrics.back().n = 4 * 2048 - 1;
  const ReproducedCell cell = reproduced_cell(printed(3.25), "fid.kept", &record);
  EXPECT_NEAR(*cell.difference, 0, 1e-12);
  EXPECT_FALSE(cell.errors_off);
  EXPECT_EQ(cell.no_verdict, "N is less than 4 d = 8192");
  record.data["features"].erase("width");
  EXPECT_THAT(reproduced_cell(printed(3.25), "fid.kept", &record).no_verdict, HasSubstr("how many dimensions"));
  record.data.erase("features");
  EXPECT_TRUE(reproduced_cell(printed(3.25), "fid.kept", &record).agrees()) << "a ratio of seconds has none";
  record.data["features"] = {{"network", "inception"}, {"width", 2048}};
  record.metrics.back().n = 4 * 2048;
  EXPECT_TRUE(reproduced_cell(printed(3.25), "fid.kept", &record).agrees());
}

TEST(ReproducedCell, GetsNoVerdictOfAnInvalidRecordNorOfOtherFeatures) {
  Record record = full_size_record();
  record.invalid_reasons = {"blind"};
  EXPECT_EQ(reproduced_cell(printed(3.25), "fid.kept", &record).no_verdict, "the record is INVALID");
  record = full_size_record();
  record.data["features"]["network"] = "fmnist_cnn";
  const ReproducedCell cell = reproduced_cell(printed(3.25), "fid.kept", &record);
  EXPECT_FALSE(cell.difference);
  EXPECT_THAT(cell.no_verdict, HasSubstr("features of fmnist_cnn"));
  record = full_size_record();
  record.metrics.back().interval.reset();
  EXPECT_EQ(reproduced_cell(printed(3.25), "fid.kept", &record).no_verdict, "there is no interval");
}

TEST(ReproducedCell, StandsForARowThatIsMissingOrNull) {
  const Record record = sample_record();
  EXPECT_FALSE(reproduced_cell(printed(1), "no.such.row", &record).row);
  EXPECT_FALSE(reproduced_cell(printed(1), "fd.net.all", nullptr).row);
  const ReproducedCell null = reproduced_cell(printed(1), "kid.net.all", &record);
  EXPECT_FALSE(null.difference);
  EXPECT_EQ(null.no_verdict, "too few samples");
}

const PublishedPaper& paper() {
  static const PublishedPaper published = read_published(fs::path(ALEA_SOURCE_DIR) / "results/paper/2412.00205.json");
  return published;
}

ReproducedTable table1() {
  auto record = std::make_shared<Record>(full_size_record());
  record->metrics.push_back({.name = "gain.fid", .value = 0.2, .n = 50000, .interval = Interval{0.2, 0.02, 0.1592, 0.2408}});
  record->departures = {"M is 3 & more_than 50%; the paper takes 5.", "Two | bars <x>."};
  ReproductionRow ran{
      "imagenet64.adm", "ADM", "ImageNet 64", "paper", record, {}, {{"ours", "fid.kept"}, {"gain.ours", "gain.fid"}}};
  ReproductionRow missing{"cifar10.ddpm", "DDPM", "CIFAR-10", "paper", nullptr, {"run `scripts/fetch ddpm-cifar10-32`"}, {}};
  return reproduced_table("table1", paper().find_table("table1"), {ran, missing});
}

TEST(RenderReproduction, TerminalShowsEveryPartOfACell) {
  const std::string text = render_reproduction({table1()}, TableFormat::terminal, false);
  for (const char* part : {"Table 1: FID of 50,000", "Random - Ours (higher)", "paper (3.254)", "paper 0.035", "ours 0.200",
                           "0.159 .. 0.241", "N 50000, MDE 0.058", "+0.165, differs: 8.2 se", "paper, VALID", "paper, not run",
                           "Not run: run `scripts/fetch ddpm-cifar10-32`", "M is 3 & more_than 50%", "Which real images"})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(render_reproduction({table1()}, TableFormat::terminal, true), HasSubstr("\x1b[90mpaper (3.254)"));
}

TEST(RenderReproduction, AFootnoteIsPrintedOnceAndItsNumberStandsAtEveryCellOfIt) {
  const LaidOutTable table = laid_out(table1());
  const auto number = [&](const std::string& part) {
    for (std::size_t i = 0; i < table.footnotes.size(); ++i)
      if (table.footnotes[i].find(part) != std::string::npos) return static_cast<int>(i) + 1;
    return 0;
  };
  const int reference = number("Which real images");
  ASSERT_GT(reference, 0);
  for (const auto& row : table.rows)
    for (const std::size_t column : {1, 2}) EXPECT_THAT(row[column].marks, ::testing::Contains(reference));
  EXPECT_EQ(std::count(table.footnotes.begin(), table.footnotes.end(), table.footnotes[std::size_t(reference) - 1]), 1);
  EXPECT_THAT(table.rows[0][0].marks, ::testing::Contains(number("M is 3")));
}

TEST(RenderReproduction, MarkdownRowsHaveACellAColumn) {
  const std::string text = render_reproduction({table1()}, TableFormat::markdown, false);
  std::istringstream lines(text);
  int rows = 0;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("|")) {
      ++rows;
      EXPECT_EQ(std::count(line.begin(), line.end(), '|'), 8) << line;
    }
  EXPECT_EQ(rows, 4);
  EXPECT_THAT(text, HasSubstr("Two \\| bars &lt;x>."));
  EXPECT_THAT(text, HasSubstr("paper 0.035 <sup>"));
}

TEST(RenderReproduction, LatexEscapesAndBalances) {
  const std::string text = render_reproduction({table1()}, TableFormat::latex, false);
  EXPECT_THAT(text, HasSubstr("M is 3 \\& more\\_than 50\\%"));
  EXPECT_THAT(text, HasSubstr("\\textcolor{gray}{paper (3.254)}"));
  EXPECT_THAT(text, HasSubstr("\\begin{tabular}{lllllll}"));
  std::string bare;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\\')
      ++i;
    else
      bare += text[i];
  EXPECT_EQ(std::count(bare.begin(), bare.end(), '{'), std::count(bare.begin(), bare.end(), '}'));
}

TEST(RenderReproduction, ATableThatIsntPrintedShowsTheRecordsHeadlines) {
  ReproductionRow row{"fmnist", "DDPM", "Fashion-MNIST", "smoke", std::make_shared<Record>(full_size_record()), {}, {}};
  const ReproducedTable table = reproduced_table("fig3", nullptr, {row});
  ASSERT_EQ(table.columns.size(), 2u);
  EXPECT_EQ(table.columns[1].name, "fid.kept");
  EXPECT_THAT(render_reproduction({table}, TableFormat::terminal, false), HasSubstr("Figure 3"));
}

TEST(ReproductionJson, SaysForEachCellWhatTheTablesSay) {
  const Json json = reproduction_to_json({table1()}, "arXiv");
  const Json& cells = json.at("tables")[0].at("rows")[0].at("cells");
  EXPECT_EQ(cells.at("gain.ours").at("verdict"), "differs");
  EXPECT_NEAR(cells.at("gain.ours").at("difference").get<double>(), 0.165, 1e-9);
  EXPECT_EQ(cells.at("ours").at("published").at("status"), "void");
  EXPECT_TRUE(cells.at("ours").at("difference").is_null());
  EXPECT_TRUE(cells.at("random").at("ours").is_null());
  EXPECT_EQ(json.at("tables")[0].at("rows")[1].at("why_not_run")[0], "run `scripts/fetch ddpm-cifar10-32`");
}

TEST(MarksText, JoinsNeighbours) {
  EXPECT_EQ(marks_text({3, 1, 2, 7, 7}), "1-3,7");
  EXPECT_EQ(marks_text({4, 5}), "4,5");
  EXPECT_EQ(marks_text({}), "");
}

}  // namespace
}  // namespace alea
