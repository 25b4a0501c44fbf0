#include "formats/pickle.h"

#include <array>

#include "tests/unit/formats/format_test.h"

namespace alea {
namespace {

using namespace std::string_view_literals;
using Kind = PickleValue::Kind;

constexpr std::array<PickleGlobal, 2> kAllowed{{{"collections.OrderedDict", true}, {"some.function"}}};

/// What is kept of a pickle's value.
struct Read {
  Kind kind;
  std::int64_t integer;
  double real;
  std::string text;
  std::size_t n_items;
};

Read read(std::string_view body) {
  const Bytes bytes = to_bytes("\x80\x02" + std::string(body) + ".");
  PickleReader reader(bytes, "some.pkl", kAllowed);
  const PickleValue& value = reader[reader.read()];
  return {value.kind, value.integer, value.real, std::string(value.text), value.items.size()};
}

void expect_refused(std::string_view body, std::string_view part) {
  expect_error(ErrorCode::data, part, [&] { read(body); });
  expect_error(ErrorCode::data, "some.pkl: pickle offset ", [&] { read(body); });
}

TEST(Pickle, NumbersOfEveryWidth) {
  EXPECT_EQ(read("K\xff"sv).integer, 255);
  EXPECT_EQ(read("M\x01\x80"sv).integer, 0x8001);
  EXPECT_EQ(read("J\xfe\xff\xff\xff"sv).integer, -2);
  EXPECT_EQ(read("\x8a\x00"sv).integer, 0);
  EXPECT_EQ(read("\x8a\x01\x80"sv).integer, -128);
  EXPECT_EQ(read("\x8a\x05\x00\x00\x00\x00\x01"sv).integer, std::int64_t{1} << 32);
  EXPECT_EQ(read("\x8b\x01\x00\x00\x00\x07"sv).integer, 7);
  EXPECT_EQ(read("\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01"sv).kind, Kind::big);
  EXPECT_EQ(read("G\xc0\x04\x00\x00\x00\x00\x00\x00"sv).real, -2.5);
  EXPECT_EQ(read("\x88"sv).integer, 1);
  EXPECT_EQ(read("\x89"sv).kind, Kind::boolean);
  EXPECT_EQ(read("N"sv).kind, Kind::none);
}

TEST(Pickle, TextsAndContainersInEachOfTheirForms) {
  for (const auto body : {"X\x02\x00\x00\x00hi"sv, "\x8c\x02hi"sv, "U\x02hi"sv, "T\x02\x00\x00\x00hi"sv,
                          "\x8d\x02\x00\x00\x00\x00\x00\x00\x00hi"sv}) {
    EXPECT_EQ(read(body).kind, Kind::text);
    EXPECT_EQ(read(body).text, "hi");
  }
  EXPECT_EQ(read("C\x02hi"sv).kind, Kind::bytes);
  for (const auto body : {"K\x01K\x02K\x03\x87"sv, "(K\x01K\x02K\x03t"sv,
                          "](K\x01K\x02K\x03"
                          "e"sv,
                          "(K\x01K\x02K\x03l"sv, "\x8f(K\x01K\x02K\x03\x90"sv})
    EXPECT_EQ(read(body).n_items, 3U);
  for (const auto body : {"}K\x01K\x02s"sv, "}(K\x01K\x02u"sv,
                          "(K\x01K\x02"
                          "d"sv,
                          "ccollections\nOrderedDict\n)RK\x01K\x02s"sv}) {
    EXPECT_EQ(read(body).kind, Kind::dict);
    EXPECT_EQ(read(body).n_items, 2U);
  }
}

TEST(Pickle, AnOrderedDictOfPython2HasItsPairsAsItsArgument) {
  const auto body =
      "ccollections\nOrderedDict\n](](K\x01K\x02"
      "e](K\x03K\x04"
      "ee\x85R"sv;
  EXPECT_EQ(read(body).kind, Kind::dict);
  EXPECT_EQ(read(body).n_items, 4U);
  expect_refused(
      "ccollections\nOrderedDict\n](](K\x01K\x02K\x03"
      "ee\x85R"sv,
      "pairs of key and value");
}

TEST(Pickle, AnAllowedCallIsKeptAndItsStateDropped) {
  EXPECT_EQ(read("csome\nfunction\nK\x01\x85R}b"sv).kind, Kind::call);
  EXPECT_EQ(read("\x8c\x04some\x8c\x08"
                 "function\x93K\x01\x85\x81"sv)
                .kind,
            Kind::call);
  EXPECT_EQ(read("K\x01Q"sv).kind, Kind::persistent);
}

TEST(Pickle, ObjectsMayContainThemselvesAndBeSharedThroughTheMemo) {
  EXPECT_EQ(read("]q\x00h\x00"
                 "a"sv)
                .n_items,
            1U);
  EXPECT_EQ(read("]\x94h\x00h\x00\x87"sv).n_items, 3U);
  expect_refused("h\x05"sv, "nothing was remembered in slot 5");
}

TEST(Pickle, CodeIsRefusedByName) {
  expect_refused("cposix\nsystem\n"sv, R"(the global "posix.system" is refused)");
  expect_refused(
      "\x8c\x08"
      "builtins\x8c\x04"
      "eval\x93"sv,
      R"(the global "builtins.eval" is refused)");
  expect_refused("c__builtin__\n\x1b[31m\n"sv, R"("__builtin__.\x1b[31m")");
  expect_refused("(ios\nsystem\n"sv, "opcode 0x69 (INST) is refused");
  expect_refused("\x82\x01"sv, "(EXT1) is refused");
  expect_refused("K\x01K\x01\x85R"sv, "expected a global and a tuple of arguments");
}

TEST(Pickle, BrokenOnesAreRefusedWithTheOffset) {
  expect_refused(""sv, "expected one value at STOP, found 0");
  expect_refused("K\x01K\x01"sv, "expected one value at STOP, found 2");
  expect_refused("X\xff\xff\xff\xff"sv, "pickle offset 2: expected 4294967295 bytes, found 1");
  expect_refused("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"sv, "expected 18446744073709551615 bytes");
  expect_refused("t"sv, "expected a mark on the stack");
  expect_refused("K\x01(R"sv, "found an empty stack");
  expect_refused("K\x01K\x02K\x03s"sv, "expected a dict to add to");
  expect_refused("}(K\x01u"sv, "found a key alone");
  expect_refused(
      "(K\x01"
      "e"sv,
      "expected a list to add to");
  expect_refused("\x80\x06"sv, "pickle protocol 2 to 5, found 6");
  expect_refused("cno end"sv, "the end of a line");
  expect_refused("\x95\xff\x00\x00\x00\x00\x00\x00\x00N"sv, "a frame of at most 2 bytes");
}

TEST(Pickle, ASmallFileCantMultiplyItselfThroughTheMemo) {
  // A list of 10,000 pairs made into a dict 1,000 times.
  std::string body = "ccollections\nOrderedDict\nq";
  body += '\0';
  body +=
      "0K\x01K\x02"
      "\x86q\x01"
      "0](";
  for (int i = 0; i < 10'000; ++i) body += "h\x01";
  body +=
      "e\x85q\x02"
      "0(";
  for (int i = 0; i < 1'000; ++i) (body += 'h') += '\0', body += "h\x02R";
  body += 't';
  expect_refused(body, "keys and values, found more");
}

}  // namespace
}  // namespace alea
