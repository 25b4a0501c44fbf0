#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_record.h"

namespace alea {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string line_with(const std::string& text, const std::string& part) {
  const auto at = text.find(part);
  if (at == std::string::npos) return "";
  const auto begin = text.rfind('\n', at) + 1;
  return text.substr(begin, text.find('\n', at) - begin);
}

TEST(RenderTable, ShowsTwoDigitsOfTheStandardError) {
  EXPECT_THAT(line_with(render_table(sample_record()), "fd.net.all"), HasSubstr("3.250  3.207 .. 3.293"));
}

TEST(RenderTable, NeverShowsAMinusZero) {
  Record record = sample_record();
  record.metrics[0].interval = Interval{3.25, 0.021, -0.0001, 3.293};
  EXPECT_THAT(line_with(render_table(record), "fd.net.all"), HasSubstr(" 0.000 .. 3.293"));
  record.metrics[0].interval->low = -0.01;
  EXPECT_THAT(line_with(render_table(record), "fd.net.all"), HasSubstr(" -0.010 .. 3.293"));
}

TEST(RenderTable, ShowsTheReasonOfANull) {
  const std::string line = line_with(render_table(sample_record()), "kid.net.all");
  EXPECT_THAT(line, HasSubstr("null"));
  EXPECT_THAT(line, HasSubstr("too few samples"));
}

TEST(RenderTable, PutsTheHeadlineFirst) {
  const std::string text = render_table(sample_record());
  EXPECT_LT(text.find("gain.fd.net.kept"), text.find("fd.net.all"));
  EXPECT_THAT(line_with(text, "gain.fd.net.kept"), HasSubstr("p = 0.005, 199 random subsets"));
}

TEST(RenderTable, AlignsItsColumns) {
  const std::string text = render_table(sample_record());
  const auto end_of = [&](const std::string& name, const std::string& cell) {
    const std::string line = line_with(text, name);
    return line.find(" " + cell + " ") + cell.size();
  };
  EXPECT_EQ(end_of("fd.net.all", "600"), end_of("gain.fd.net.kept", "500"));
  EXPECT_EQ(end_of("fd.net.all", "600"), end_of("kid.net.all", "3"));
}

TEST(RenderTable, SaysValidWithTheCounts) {
  const std::string text = render_table(sample_record());
  EXPECT_THAT(text, HasSubstr("Result: VALID   samples 600/600  non-finite 0 (limit 0)\n"));
  EXPECT_THAT(text, HasSubstr("NFE an image: base 50, extra 20, total 70\n"));
  EXPECT_THAT(text, HasSubstr("demo  toy + ddim(50)  seed 7"));
  EXPECT_THAT(text, Not(HasSubstr("GFLOP"))) << "not known";
}

TEST(RenderTable, SaysFlopsWhereTheyAreKnown) {
  Record record = sample_record();
  record.cost["flops"] = {
      {"prediction", 398000000u}, {"base", 19900000000u}, {"extra", 7960000000u}, {"decoding", 0}, {"total", 27860000000u}};
  EXPECT_THAT(render_table(record), HasSubstr("GFLOP an image: base 19.9, extra 7.96, total 27.86\n"));
  record.cost["flops"]["decoding"] = 1000000000u;
  EXPECT_THAT(render_table(record), HasSubstr("extra 7.96, decoding 1, total"));
}

TEST(RenderTable, SaysInvalidWithEveryReason) {
  Record record = sample_record();
  record.invalid_reasons = {"blind measurement", "random score gains"};
  const std::string text = render_table(record);
  EXPECT_THAT(text, Not(HasSubstr("Result: VALID")));
  EXPECT_THAT(text, HasSubstr("Result: INVALID"));
  EXPECT_THAT(text, HasSubstr("blind measurement"));
  EXPECT_THAT(text, HasSubstr("random score gains"));
}

}  // namespace
}  // namespace alea
