#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/files.h"
#include "store/block_file.h"

namespace alea {

/// A run's folder: manifest.json (schema, format version, config and its hash, samples, block size), blocks/NNNNNN.h5 (what the
/// network made), features.<network>/NNNNNN.h5 (derived), record.json, ledger.json, curves.h5, pictures. Any file but the
/// manifest may be missing and is made again by the same command. Whoever writes holds the folder's FolderLock.
class Store {
 public:
  /// Makes the folder or opens it. A folder of another config, or a folder with files that isn't a run, is Error{not_comparable}
  /// naming the first JSON pointer that differs and both values; a folder of a newer format version too. A damaged manifest is
  /// Error{data}. `config` is the resolved config whose json_sha256 is the folder's identity.
  static Store open_or_create(const std::filesystem::path& folder, const Json& config, std::uint64_t n_samples,
                              std::uint32_t block);
  /// An existing folder, for reading. Error{io} when there is no manifest.
  static Store open(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const { return folder_; }
  const Json& config() const { return config_; }
  const std::string& config_sha256() const { return config_sha256_; }
  const std::vector<BlockRange>& blocks() const { return blocks_; }
  std::uint64_t n_samples() const { return n_samples_; }

  /// `kind` is "blocks" or "features.<network>".
  std::filesystem::path block_path(const std::string& kind, const BlockRange& range) const;
  /// True when the file is there and whole. A damaged file, or one of another plan or range, is logged, set aside as
  /// "<name>.damaged" and counts as missing.
  bool has_block(const std::string& kind, const BlockRange& range) const;
  /// Atomic; replaces what is there.
  void put_block(const std::string& kind, const BlockRange& range, const ArrayMap& arrays) const;
  /// All arrays, or the one named `only`. Error{io} when the file is missing, Error{data} when it is damaged or of another plan
  /// or range.
  ArrayMap get_block(const std::string& kind, const BlockRange& range, const std::string& only = "") const;

  /// One array of all blocks, joined along the first axis in id order; one block is in memory at a time beside the result.
  /// Error{data} when dtype or trailing shape differ between blocks or it has no first axis, Error{io} when a block is missing.
  Array gather(const std::string& kind, const std::string& name) const;

  struct FileStatus {
    std::string kind;
    BlockRange range;
    std::string state;  ///< "ok", "missing", "damaged: <why>"
    std::uint64_t bytes = 0;
    std::string sha256;  ///< of the whole file, as sha256sum prints it; empty where missing
  };
  /// Every expected file of "blocks" and of each features folder present, checked; nothing is changed.
  std::vector<FileStatus> verify() const;

  /// remove_stale_temporaries (core/files.h, whose conditions hold here too) of the folder and its blocks' folders.
  int remove_stale_temporaries() const;

 private:
  Store(std::filesystem::path folder, const Json& manifest);
  void check_owner(const BlockHeader& header, const BlockRange& range, const std::string& source) const;
  std::vector<std::string> kinds() const;

  std::filesystem::path folder_;
  Json config_;
  std::string config_sha256_;
  std::uint64_t n_samples_ = 0;
  std::vector<BlockRange> blocks_;
};

}  // namespace alea
