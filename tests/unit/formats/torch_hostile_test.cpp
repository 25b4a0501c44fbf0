#include "formats/checks.h"
#include "formats/torch_archive.h"
#include "formats/zip.h"
#include "tests/unit/formats/format_test.h"

namespace alea {
namespace {

using namespace std::string_view_literals;

/// torch's own archive of one tensor w, six floats as [2, 3], whose pickle somebody has changed.
class ChangedPickle : public ::testing::Test {
 protected:
  static std::string pickle() {
    const Bytes file = read_file(fs::path(ALEA_SOURCE_DIR) / "tests/fixtures/torch/one.zip.pt");
    const ZipArchive archive(file, "one.zip.pt");
    return std::string(as_text(archive.read(*archive.find("one.zip/data.pkl"))));
  }

  static std::string changed(std::string_view from, std::string_view to) {
    std::string text = pickle();
    EXPECT_NE(text.find(from), text.npos);
    return text.replace(text.find(from), from.size(), to);
  }

  static Bytes archive(const std::string& pickle, std::size_t storage_bytes = 24, bool deflate = false) {
    const Bytes storage(storage_bytes);
    const std::vector<ZipMember> members{{"one/data.pkl", {std::as_bytes(std::span(pickle))}}, {"one/data/0", {storage}}};
    return make_zip(members, deflate);
  }

  static std::map<std::string, std::vector<std::int64_t>> shapes_in(const Bytes& file) {
    std::map<std::string, TensorSpan> tensors;
    const auto owner = parse_torch_archive(file, "some.pt", tensors);
    std::map<std::string, std::vector<std::int64_t>> shapes;
    for (const auto& [name, tensor] : tensors) shapes[name] = tensor.shape;
    return shapes;
  }

  static void expect_refused(std::string_view from, std::string_view to, std::string_view part) {
    expect_error(ErrorCode::data, part, [&] { shapes_in(archive(changed(from, to))); });
    expect_error(ErrorCode::data, "some.pt: ", [&] { shapes_in(archive(changed(from, to))); });
  }
};

constexpr auto kOffset = "QK\x00"sv, kShape = "K\x02K\x03\x86"sv, kStrides = "K\x03K\x01\x86"sv, kElements = "K\x06t"sv;

TEST_F(ChangedPickle, MayNameAnyViewInsideItsStorage) {
  using Shapes = std::map<std::string, std::vector<std::int64_t>>;
  EXPECT_EQ(shapes_in(archive(pickle())), (Shapes{{"w", {2, 3}}}));
  EXPECT_EQ(shapes_in(archive(changed(kStrides, "K\x01K\x02\x86"sv))), (Shapes{{"w", {2, 3}}}));  // ends with element 5
  EXPECT_EQ(shapes_in(archive(changed(kShape, "K\x00K\x03\x86"sv))), (Shapes{{"w", {0, 3}}}));
}

TEST_F(ChangedPickle, NamesNoElementBehindItsStorage) {
  expect_refused(kOffset, "QK\x01"sv,
                 R"(tensor "w": shape [2, 3] with strides [3, 1] from element 1 runs past a storage of 6 elements)");
  expect_refused(kShape, "K\x03K\x03\x86"sv, "shape [3, 3] with strides [3, 1] from element 0 runs past");
  expect_refused(kStrides, "K\x04K\x01\x86"sv, "strides [4, 1] from element 0 runs past");
  expect_refused(kStrides, "J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86"sv, "runs past a storage of 6 elements");
  expect_refused(kStrides, "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fK\x01\x86"sv, "runs past a storage of 6 elements");
}

TEST_F(ChangedPickle, HasShapesStridesAndOffsetsThatCanBe) {
  expect_refused(kOffset, "QJ\xff\xff\xff\xff"sv, R"(tensor "w": expected a whole number of at least 0 as its offset)");
  expect_refused(kShape, "J\xff\xff\xff\xffK\x03\x86"sv, "a whole number of at least 0 as its shape");
  expect_refused(kStrides, "J\xfd\xff\xff\xffK\x01\x86"sv, "a whole number of at least 0 as its strides");
  expect_refused(kShape, "J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86"sv, "overflows");
  expect_refused(kStrides, "K\x01\x85"sv, "doesn't go with strides [1]");
  expect_refused(kShape, "]"sv, "expected a tuple of at most 64 whole numbers as its shape");
  expect_refused("\x89h"sv, "t\x89h"sv, "expected a mark on the stack");
}

TEST_F(ChangedPickle, HasTheStorageThatItNames) {
  expect_refused(kElements, "K\x07t"sv, R"(storage "0": expected 7 elements of F32, found 24 bytes)");
  expect_refused(kElements, "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7ft"sv, "elements of F32, found 24 bytes");
  expect_refused(
      "X\x01\x00\x00\x00"
      "0"sv,
      "X\x01\x00\x00\x00"
      "9"sv,
      R"(storage "9": expected 6 elements of F32, found no entry)");
  expect_refused(
      "X\x01\x00\x00\x00"
      "0"sv,
      "X\x0b\x00\x00\x00"
      "../data.pkl"sv,
      R"(storage "../data.pkl": expected 6 elements)");
  expect_refused("X\x07\x00\x00\x00storage"sv, "X\x07\x00\x00\x00storbge"sv, "expected a storage");
}

TEST_F(ChangedPickle, CallsNothing) {
  expect_refused("ctorch._utils\n_rebuild_tensor_v2\n"sv, "cos\nsystem\n"sv, R"(the global "os.system" is refused)");
  expect_refused("ctorch._utils\n_rebuild_tensor_v2\n"sv, "ctorch\nload\n"sv, R"(the global "torch.load" is refused)");
  expect_refused("ctorch\nFloatStorage\n"sv, "cbuiltins\nexec\n"sv, R"(the global "builtins.exec" is refused)");
}

TEST_F(ChangedPickle, CantClaimAnyAmountOfPackedZeros) {
  const std::string many = changed(kElements, "J\x00\x00\x01\x00t"sv);
  EXPECT_NO_THROW(shapes_in(archive(many, sizeof(float) << 16)));
  expect_error(ErrorCode::data, R"(entry "one/data/0": unpacks to 262144 bytes, expected at most)",
               [&] { shapes_in(archive(many, sizeof(float) << 16, /*deflate=*/true)); });
}

TEST_F(ChangedPickle, CantClaimAnyAmountByExpansion) {
  std::string text = changed(kShape, "J\x00\x00\x00\x01K\x03\x86"sv);
  text.replace(text.find(kStrides), kStrides.size(), std::string_view("K\x00K\x00\x86", 5));
  expect_error(ErrorCode::data, "claim 201326592 bytes, expected at most", [&] { shapes_in(archive(text)); });
}

}  // namespace
}  // namespace alea
