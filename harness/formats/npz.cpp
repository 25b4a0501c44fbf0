#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "formats/checks.h"
#include "formats/mapped_file.h"
#include "formats/npy.h"
#include "formats/row_major.h"
#include "formats/zip.h"

namespace alea {
namespace {

constexpr std::string_view kSuffix = ".npy";
constexpr const char* kOnlyArray = "arr_0";  // as numpy calls the first array without a name

/// Bytes of one array one after another, from an archive's entry or a plain file.
class ByteSource {
 public:
  ByteSource(std::span<const std::byte> bytes, std::string where) : bytes_(bytes), where_(std::move(where)) {}
  explicit ByteSource(ZipEntryReader entry) : entry_(std::move(entry)) {}

  void read(std::span<std::byte> out) {
    if (entry_) return entry_->read(out);
    check(out.size());
    std::copy_n(bytes_.begin(), out.size(), out.begin());
    bytes_ = bytes_.subspan(out.size());
  }
  void skip(std::uint64_t n) {
    if (entry_) return entry_->skip(n);
    check(n);
    bytes_ = bytes_.subspan(n);
  }

 private:
  void check(std::uint64_t n) const {
    if (n > bytes_.size()) fail(ErrorCode::data, "{}: expected {} more bytes, found {}", where_, n, bytes_.size());
  }
  std::optional<ZipEntryReader> entry_;
  std::span<const std::byte> bytes_;
  std::string where_;
};

}  // namespace

struct NpzFile::Parts {
  std::optional<MappedFile> mapping;  // else the bytes are the caller's
  std::span<const std::byte> bytes;
  std::string source;
  std::optional<ZipArchive> archive;  // else a bare .npy file

  explicit Parts(const fs::path& path) : mapping(path), bytes(mapping->bytes()), source(path.string()) { open_archive(); }
  Parts(std::span<const std::byte> file, std::string name) : bytes(file), source(std::move(name)) { open_archive(); }

  void open_archive() {
    if (is_zip(bytes)) {
      archive.emplace(bytes, source);
      if (names().empty()) fail(ErrorCode::data, "{}: expected a zip archive with arrays (*.npy), found none", source);
    } else if (!begins_with(bytes, "\x93NUMPY")) {
      fail(ErrorCode::data, "{}: expected an npz or npy file, found one that begins with {}", source,
           in_quotes(as_text(bytes.first(std::min<std::size_t>(bytes.size(), 8)))));
    }
  }

  std::vector<std::string> names() const {
    if (!archive) return {kOnlyArray};
    std::vector<std::string> names;
    for (const auto& entry : archive->entries())
      if (entry.name.ends_with(kSuffix)) names.push_back(entry.name.substr(0, entry.name.size() - kSuffix.size()));
    return names;
  }

  bool contains(const std::string& name) const {
    return archive ? archive->find(name + std::string(kSuffix)) != nullptr : name == kOnlyArray;
  }

  std::string where(const std::string& name) const { return fmt::format("{}: array {}", source, in_quotes(name)); }

  void expect(const std::string& name) const {
    if (contains(name)) return;
    constexpr std::size_t kShown = 10;
    std::vector<std::string> there;
    for (const auto& other : names()) there.push_back(there.size() < kShown ? in_quotes(other, 40) : "...");
    if (there.size() > kShown) there.resize(kShown + 1);
    fail(ErrorCode::data, "{}: not in the file, which has {}", where(name), fmt::join(there, ", "));
  }

  const ZipEntry& entry(const std::string& name) const { return *archive->find(name + std::string(kSuffix)); }

  NpyHeader header(const std::string& name) const {
    expect(name);
    const std::uint64_t size = archive ? entry(name).size : bytes.size();
    Bytes start(std::min(size, kMaxNpyHeaderBytes));
    open(name).read(start);
    const NpyHeader header = parse_npy_header(start, where(name));
    if (size - header.header_bytes != header.data_bytes())
      fail(ErrorCode::data, "{}: expected {} bytes of data after the npy header, found {}", where(name), header.data_bytes(),
           size - header.header_bytes);
    return header;
  }

  ByteSource open(const std::string& name) const {
    return archive ? ByteSource(ZipEntryReader(*archive, entry(name))) : ByteSource(bytes, where(name));
  }
};

NpzFile::NpzFile(const fs::path& path) : parts_(std::make_shared<const Parts>(path)) {}
NpzFile::NpzFile(std::span<const std::byte> file, std::string source)
    : parts_(std::make_shared<const Parts>(file, std::move(source))) {}

std::vector<std::string> NpzFile::names() const { return parts_->names(); }
bool NpzFile::contains(const std::string& name) const { return parts_->contains(name); }
NpyHeader NpzFile::header(const std::string& name) const { return parts_->header(name); }

NpyArray NpzFile::read(const std::string& name) const {
  parts_->header(name);  // whatever is wrong with it is wrong before memory is taken
  if (!parts_->archive) return read_npy(parts_->bytes, parts_->where(name));
  const ZipEntry& entry = parts_->entry(name);
  if (!entry.deflated) return read_npy(parts_->archive->stored(entry), parts_->where(name));
  return read_npy(parts_->archive->read(entry), parts_->where(name));
}

std::span<const std::byte> NpzFile::mapped(const std::string& name) const {
  const NpyHeader header = parts_->header(name);
  const bool in_order = !header.big_endian && (!header.fortran_order || header.shape.size() <= 1);
  if (!in_order || (parts_->archive && parts_->entry(name).deflated)) return {};
  const auto whole = parts_->archive ? parts_->archive->stored(parts_->entry(name)) : parts_->bytes;
  return whole.subspan(header.header_bytes);
}

struct NpzFile::RowReader::State {
  std::shared_ptr<const Parts> parts;  // keeps the mapping
  std::string where;
  NpyHeader header;
  ByteSource bytes;
  std::uint64_t row_bytes = 0;
};

NpzFile::RowReader::RowReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
NpzFile::RowReader::RowReader(RowReader&&) noexcept = default;
NpzFile::RowReader::~RowReader() = default;

NpzFile::RowReader NpzFile::rows(const std::string& name) const {
  const NpyHeader header = parts_->header(name);
  if (header.shape.empty()) fail(ErrorCode::data, "{}: expected rows, found a single number", parts_->where(name));
  if (header.fortran_order && header.shape.size() > 1)
    fail(ErrorCode::data, "{}: expected rows one after another, found Fortran order; save numpy.ascontiguousarray(array)",
         parts_->where(name));
  auto state = std::make_unique<RowReader::State>(
      RowReader::State{parts_, parts_->where(name), header, parts_->open(name), dtype_bytes(header.dtype)});
  for (std::size_t axis = 1; axis < header.shape.size(); ++axis) state->row_bytes *= header.shape[axis];
  state->bytes.skip(header.header_bytes);
  return RowReader(std::move(state));
}

std::uint64_t NpzFile::RowReader::row_bytes() const { return state_->row_bytes; }

void NpzFile::RowReader::read(std::span<std::byte> rows) {
  if (state_->row_bytes == 0 ? !rows.empty() : rows.size() % state_->row_bytes != 0)
    fail(ErrorCode::shape, "{}: expected room for whole rows of {} bytes, found {} bytes", state_->where, state_->row_bytes,
         rows.size());
  state_->bytes.read(rows);
  if (state_->header.dtype == DType::boolean && !are_booleans(rows))
    fail(ErrorCode::data, "{}: expected booleans of 0 or 1, found another byte", state_->where);
  if (state_->header.big_endian) swap_byte_order(rows, dtype_bytes(state_->header.dtype));
}

void NpzFile::RowReader::skip(std::uint64_t rows) {
  if (rows > state_->header.shape.front())
    fail(ErrorCode::data, "{}: expected at most {} rows, found a wish to skip {}", state_->where, state_->header.shape.front(),
         rows);
  state_->bytes.skip(rows * state_->row_bytes);
}

}  // namespace alea
