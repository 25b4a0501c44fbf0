#include "formats/torch_archive.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/error.h"
#include "formats/checks.h"
#include "formats/torch_pickle.h"
#include "formats/zip.h"

namespace alea {
namespace {

using Span = std::span<const std::byte>;
using Kind = PickleValue::Kind;

constexpr std::uint64_t kMaxPickleBytes = 1 << 28;
constexpr std::uint64_t kMostTimesTheFile = 16;
constexpr std::string_view kLegacyMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
constexpr std::int64_t kLegacyProtocol = 1001;
constexpr std::string_view kTarMagic = "ustar";
constexpr std::size_t kTarMagicAt = 257;

struct Parsed {
  TorchTensors content;
  std::deque<Bytes> unpacked;  // of archives that somebody packed again with deflate
};

/// The one top folder of the archive, with its slash.
std::string top_folder(const ZipArchive& archive) {
  constexpr std::string_view kPickle = "data.pkl";
  std::vector<std::string> tops;
  for (const auto& entry : archive.entries()) {
    const auto slash = entry.name.find('/');
    if (slash == entry.name.npos) continue;
    const auto below = std::string_view(entry.name).substr(slash + 1);
    if (below == "constants.pkl" || below.starts_with("code/"))
      fail(ErrorCode::data,
           "{}: is a TorchScript archive, expected tensors alone; name it as a TorchScript model, or save its state_dict()",
           archive.source());
    if (below == kPickle) tops.push_back(entry.name.substr(0, slash + 1));
  }
  if (tops.size() != 1)
    fail(ErrorCode::data, "{}: expected one <folder>/data.pkl in the archive, as torch.save writes it, found {}",
         archive.source(), tops.size());
  return tops.front();
}

void check_byte_order(const ZipArchive& archive, const std::string& top) {
  constexpr std::uint64_t kMostBytes = 16;
  const ZipEntry* entry = archive.find(top + "byteorder");
  if (entry == nullptr) return;
  if (entry->size > kMostBytes || as_text(archive.read(*entry)) != "little")
    fail(ErrorCode::data, "{}: expected byte order little, found another; save it again on a little-endian machine",
         archive.source());
}

/// Storages by key, each checked once.
class ZipStorages {
 public:
  ZipStorages(const ZipArchive& archive, std::string top, std::uint64_t most_unpacked, std::deque<Bytes>& unpacked)
      : archive_(archive), top_(std::move(top)), most_unpacked_(most_unpacked), unpacked_(unpacked) {}

  Span find(const StorageId& id) {
    const ZipEntry* entry = archive_.find(top_ + "data/" + id.key);
    const auto bytes = byte_count(std::span<const std::uint64_t>(&id.elements, 1), dtype_bytes(id.dtype));
    if (entry == nullptr || !bytes || entry->size != *bytes)
      fail(ErrorCode::data, "{}: storage {}: expected {} elements of {}, found {}", archive_.source(), in_quotes(id.key),
           id.elements, dtype_name(id.dtype), entry == nullptr ? "no entry" : fmt::format("{} bytes", entry->size));
    const auto known = known_.find(id.key);
    if (known != known_.end()) return known->second;
    return known_[id.key] = entry->deflated ? unpack(*entry) : archive_.stored(*entry);
  }

 private:
  Span unpack(const ZipEntry& entry) {
    if (entry.size > most_unpacked_)
      fail(ErrorCode::data, "{}: entry {}: unpacks to {} bytes, expected at most {} more from a file of this size",
           archive_.source(), in_quotes(entry.name), entry.size, most_unpacked_);
    most_unpacked_ -= entry.size;
    return unpacked_.emplace_back(archive_.read(entry));
  }

  const ZipArchive& archive_;
  std::string top_;
  std::uint64_t most_unpacked_;
  std::deque<Bytes>& unpacked_;
  std::map<std::string, Span> known_;
};

void parse_zip(Span file, const std::string& source, const std::string& member, Parsed& parsed) {
  const ZipArchive archive(file, source);
  const std::string top = top_folder(archive);
  check_byte_order(archive, top);
  const ZipEntry& entry = *archive.find(top + "data.pkl");
  if (entry.size > kMaxPickleBytes)
    fail(ErrorCode::data, "{}: data.pkl: expected at most {} bytes, found {}", source, kMaxPickleBytes, entry.size);
  const Bytes bytes = archive.read(entry);
  PickleReader pickle(bytes, source, torch_globals());
  const PickleRef root = pickle.read();
  const std::uint64_t most_bytes = kMostTimesTheFile * file.size();
  ZipStorages storages(archive, top, most_bytes, parsed.unpacked);
  parsed.content =
      collect_tensors({pickle, root, source, member, most_bytes, [&](const StorageId& id) { return storages.find(id); }});
}

void check_system(const PickleReader& pickle, PickleRef info, const std::string& source) {
  const auto& items = pickle[info].items;
  for (std::size_t i = 0; pickle[info].kind == Kind::dict && i + 1 < items.size(); i += 2)
    if (pickle[items[i]].text == "little_endian" && pickle[items[i + 1]].integer == 1) return;
  fail(ErrorCode::data, "{}: expected little_endian = True in the legacy header; save it again on a little-endian machine",
       source);
}

/// The storages that a legacy file's pickle mentions, by key.
std::map<std::string, StorageId> mentioned(const PickleReader& pickle, const std::string& source) {
  std::map<std::string, StorageId> ids;
  for (PickleRef ref = 0; ref < pickle.size(); ++ref) {
    if (pickle[ref].kind != Kind::persistent) continue;
    const StorageId id = read_storage_id(pickle, ref, source);
    const auto [known, is_new] = ids.emplace(id.key, id);
    if (!is_new && (known->second.elements != id.elements || known->second.dtype != id.dtype))
      fail(ErrorCode::data, "{}: storage {}: is mentioned with two sizes", source, in_quotes(id.key));
  }
  return ids;
}

/// Behind the pickles: for each key of the list a count of elements and the elements.
std::map<std::string, Span> legacy_storages(PickleReader& pickle, Span file, const std::string& source) {
  const PickleRef keys = pickle.read();
  const auto ids = mentioned(pickle, source);
  std::map<std::string, Span> storages;
  for (const PickleRef ref : pickle[keys].items) {
    const std::string key(pickle[ref].text);
    const std::size_t at = pickle.offset();
    const auto id = ids.find(key);
    if (pickle[ref].kind != Kind::text || id == ids.end() || storages.contains(key))
      fail(ErrorCode::data, "{}: storage {}: stands in the file's list twice or for no tensor", source, in_quotes(key));
    pickle.skip(sizeof(std::uint64_t));
    const auto count = load<std::uint64_t>(file, at);
    const auto bytes = byte_count(std::span<const std::uint64_t>(&count, 1), dtype_bytes(id->second.dtype));
    if (count != id->second.elements || !bytes)
      fail(ErrorCode::data, "{}: offset {}: expected {} elements of storage {}, found {}", source, at, id->second.elements,
           in_quotes(key), count);
    pickle.skip(*bytes);
    storages[key] = file.subspan(at + sizeof(std::uint64_t), *bytes);
  }
  if (pickle.offset() != file.size())
    fail(ErrorCode::data, "{}: offset {}: expected the end of the file after the storages, found {} more bytes", source,
         pickle.offset(), file.size() - pickle.offset());
  return storages;
}

void parse_legacy(Span file, const std::string& source, const std::string& member, Parsed& parsed) {
  PickleReader pickle(file, source, torch_globals());
  const PickleRef magic = pickle.read();
  if (pickle[magic].kind != Kind::big || pickle[magic].text != kLegacyMagic)
    fail(ErrorCode::data, "{}: expected the magic number of torch.save, found another pickle", source);
  const PickleRef protocol = pickle.read();
  if (pickle[protocol].integer != kLegacyProtocol)
    fail(ErrorCode::data, "{}: expected legacy protocol {}, found {}", source, kLegacyProtocol, pickle[protocol].integer);
  check_system(pickle, pickle.read(), source);
  const PickleRef root = pickle.read();
  const auto storages = legacy_storages(pickle, file, source);
  const auto find = [&](const StorageId& id) {
    const auto found = storages.find(id.key);
    if (found == storages.end()) fail(ErrorCode::data, "{}: storage {}: is not in the file", source, in_quotes(id.key));
    return found->second;
  };
  parsed.content = collect_tensors({pickle, root, source, member, kMostTimesTheFile * file.size(), find});
}

bool is_legacy(Span file) {
  constexpr std::size_t kMagicWithin = 32;  // protocol, perhaps a frame, and the number
  return begins_with(file, "\x80") &&
         as_text(file.first(std::min(file.size(), kMagicWithin))).find(kLegacyMagic) != std::string_view::npos;
}

bool is_tar(Span file) { return file.size() > kTarMagicAt && begins_with(file.subspan(kTarMagicAt), kTarMagic); }

}  // namespace

bool is_torch_archive(Span file) { return is_zip(file) || is_legacy(file) || is_tar(file); }

std::shared_ptr<const void> parse_torch_archive(Span file, const std::string& source, std::map<std::string, TensorSpan>& tensors,
                                                const std::string& member) {
  const auto parsed = std::make_shared<Parsed>();
  if (is_zip(file))
    parse_zip(file, source, member, *parsed);
  else if (is_legacy(file))
    parse_legacy(file, source, member, *parsed);
  else if (is_tar(file))
    fail(ErrorCode::data, "{}: is a tar file of torch before 0.4; load it in torch and save it again", source);
  else
    fail(ErrorCode::data, "{}: expected a file written by torch.save, found one that begins with {}", source,
         in_quotes(as_text(file.first(std::min<std::size_t>(file.size(), 8)))));
  tensors = std::move(parsed->content.tensors);
  return parsed;
}

TorchArchive::TorchArchive(const std::filesystem::path& path, const std::string& member) : file_(path) {
  owner_ = parse_torch_archive(file_.bytes(), path.string(), tensors_, member);
  file_.forget(file_.bytes());
}

}  // namespace alea
