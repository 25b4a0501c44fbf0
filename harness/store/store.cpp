#include "store/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <system_error>

#include "core/error.h"
#include "core/log.h"
#include "store/manifest.h"

namespace alea {
namespace {

constexpr const char* kManifest = "manifest.json";
constexpr const char* kGenerated = "blocks";
constexpr std::string_view kFeatures = "features.";

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail(ErrorCode::io, "{}: can't make the folder: {}", folder.string(), error.message());
}

bool is_there(const fs::path& path) {
  std::error_code error;
  const bool found = fs::exists(path, error);
  if (error) fail(ErrorCode::io, "{}: {}", path.string(), error.message());
  return found;
}

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) entries.push_back(it->path());
  if (error) fail(ErrorCode::io, "{}: can't list the folder: {}", folder.string(), error.message());
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// Neither a lock nor a manifest that a killed process had begun makes a folder somebody's.
void check_nothing_foreign(const fs::path& folder) {
  const std::string begun = std::string(kManifest) + ".";
  for (const auto& entry : entries_of(folder)) {
    const std::string name = entry.filename().string();
    if (name == ".lock" || (name.starts_with(begun) && name.ends_with(".tmp"))) continue;
    fail(ErrorCode::not_comparable, "{}: isn't empty (it holds {}) and has no {}, so it isn't a run; choose another --out",
         folder.string(), name, kManifest);
  }
}

bool is_features_kind(std::string_view kind) {
  return kind.size() > kFeatures.size() && kind.starts_with(kFeatures) && kind.find('/') == kind.npos;
}

Array joined_onto(Array whole, Array part, const std::string& source) {
  const bool alike = part.dtype == whole.dtype && part.shape.size() == whole.shape.size() &&
                     std::equal(part.shape.begin() + 1, part.shape.end(), whole.shape.begin() + 1);
  if (!alike)
    fail(ErrorCode::data, "{}: expected {} [*, {}] as in the blocks before it, found {} [*, {}]", source, dtype_name(whole.dtype),
         fmt::join(whole.shape.begin() + 1, whole.shape.end(), ", "), dtype_name(part.dtype),
         fmt::join(part.shape.begin() + 1, part.shape.end(), ", "));
  whole.shape[0] += part.shape[0];
  whole.bytes.insert(whole.bytes.end(), part.bytes.begin(), part.bytes.end());
  return whole;
}

}  // namespace

Store::Store(fs::path folder, const Json& manifest)
    : folder_(std::move(folder)),
      config_(manifest["config"]),
      config_sha256_(manifest["config_sha256"].get<std::string>()),
      n_samples_(manifest["n_samples"].get<std::uint64_t>()),
      blocks_(blocks_of(n_samples_, manifest["block"].get<std::uint32_t>())) {}

Store Store::open_or_create(const fs::path& folder, const Json& config, std::uint64_t n_samples, std::uint32_t block) {
  make_folder(folder);
  const Json wanted = make_manifest(config, n_samples, block);
  if (!is_there(folder / kManifest)) {
    check_nothing_foreign(folder);
    alea::remove_stale_temporaries(folder);
    atomic_write(folder / kManifest, wanted.dump(2) + "\n");
  }
  const Json found = read_manifest(folder / kManifest);
  check_same_run(found, wanted, folder);
  return Store(folder, found);
}

Store Store::open(const fs::path& folder) {
  if (!is_there(folder / kManifest))
    fail(ErrorCode::io, "{}: has no {}, so it isn't a run; give the folder that --out named", folder.string(), kManifest);
  return Store(folder, read_manifest(folder / kManifest));
}

fs::path Store::block_path(const std::string& kind, const BlockRange& range) const {
  ALEA_CHECK(kind == kGenerated || is_features_kind(kind), "\"{}\" is no kind of block", kind);
  return folder_ / kind / fmt::format("{:06}.h5", range.index);
}

void Store::check_owner(const BlockHeader& header, const BlockRange& range, const std::string& source) const {
  if (header.plan_sha256 != config_sha256_)
    fail(ErrorCode::data,
         "{}: offset 104: belongs to the config of sha256 {}, expected {}; move it away and run the same command, which makes it "
         "again",
         source, header.plan_sha256, config_sha256_);
  if (header.range != range)
    fail(ErrorCode::data, "{}: offset 12: expected block {} with {} ids from {}, found block {} with {} ids from {}", source,
         range.index, range.count, range.first, header.range.index, header.range.count, header.range.first);
}

bool Store::has_block(const std::string& kind, const BlockRange& range) const {
  const fs::path path = block_path(kind, range);
  if (!is_there(path)) return false;
  try {
    check_owner(verify_block(path), range, path.string());
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::data) throw;
    fs::path aside = path;
    aside += ".damaged";
    log_warning("{} (set aside as {})", error.what(), aside.filename().string());
    std::error_code failure;
    fs::rename(path, aside, failure);
    if (failure) fail(ErrorCode::io, "{}: can't be set aside: {}", path.string(), failure.message());
    return false;
  }
}

void Store::put_block(const std::string& kind, const BlockRange& range, const ArrayMap& arrays) const {
  const fs::path path = block_path(kind, range);
  make_folder(path.parent_path());
  write_block(path, {config_sha256_, range, ""}, arrays);
}

ArrayMap Store::get_block(const std::string& kind, const BlockRange& range, const std::string& only) const {
  const fs::path path = block_path(kind, range);
  if (!is_there(path)) fail(ErrorCode::io, "{}: is missing; the command that made the folder makes it again", path.string());
  Block block = read_block(path, only);
  check_owner(block.header, range, path.string());
  return std::move(block.arrays);
}

Array Store::gather(const std::string& kind, const std::string& name) const {
  std::optional<Array> whole;
  for (const auto& range : blocks_) {
    const std::string source = block_path(kind, range).string() + ": dataset " + name;
    Array part = std::move(get_block(kind, range, name).at(name));
    if (part.shape.empty()) fail(ErrorCode::data, "{}: is a single number; expected an array with one row an id", source);
    if (whole) {
      whole = joined_onto(std::move(*whole), std::move(part), source);
    } else {
      whole = std::move(part);
      whole->bytes.reserve(whole->bytes.size() * blocks_.size());
    }
  }
  ALEA_CHECK(whole.has_value(), "{}: a run without blocks", folder_.string());
  return std::move(*whole);
}

std::vector<std::string> Store::kinds() const {
  std::vector<std::string> kinds{kGenerated};
  for (const auto& entry : entries_of(folder_)) {
    std::error_code error;
    const std::string name = entry.filename().string();
    if (is_features_kind(name) && fs::is_directory(entry, error)) kinds.push_back(name);
  }
  return kinds;
}

int Store::remove_stale_temporaries() const {
  int removed = alea::remove_stale_temporaries(folder_);
  for (const auto& kind : kinds())
    if (is_there(folder_ / kind)) removed += alea::remove_stale_temporaries(folder_ / kind);
  return removed;
}

std::vector<Store::FileStatus> Store::verify() const {
  std::vector<FileStatus> report;
  for (const auto& kind : kinds())
    for (const auto& range : blocks_) {
      const fs::path path = block_path(kind, range);
      FileStatus& status = report.emplace_back(FileStatus{kind, range, "missing", 0, ""});
      if (!is_there(path)) continue;
      const Bytes file = read_file(path);
      status.bytes = file.size();
      status.sha256 = sha256_hex(file);
      status.state = "ok";
      try {
        check_owner(verify_block_bytes(file, path.string()), range, path.string());
      } catch (const Error& error) {
        if (error.code() != ErrorCode::data) throw;
        status.state = std::string("damaged: ") + error.what();
      }
    }
  return report;
}

}  // namespace alea
