#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/files.h"
#include "store/block_file.h"

namespace alea {

/// A run's folder: manifest.json (schema, hash of the plan, block table, resolved config), blocks/NNNNNN.h5 (what the network
/// made), features.<network>/NNNNNN.h5 (derived), record.json, ledger.json, curves.h5, pictures. Any file may be missing and
/// is made again by the same command.
class Store {
 public:
  /// Makes the folder or opens it. A folder of another config, or a folder with files that isn't a run, is Error{not_comparable}
  /// naming the first JSON pointer that differs and both values; a folder of a newer format version too.
  /// `config` is the resolved config whose json_sha256 is the folder's identity.
  static Store open_or_create(const std::filesystem::path& folder, const Json& config, std::uint64_t n_samples, std::uint32_t block);
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
  void put_block(const std::string& kind, const BlockRange& range, const ArrayMap& arrays) const;
  ArrayMap get_block(const std::string& kind, const BlockRange& range) const;

  /// One array of all blocks, joined along the first axis in id order. Error{data} when dtype or trailing shape differ between
  /// blocks, Error{io} when a block is missing.
  Array gather(const std::string& kind, const std::string& name) const;

  struct FileStatus {
    std::string kind;
    BlockRange range;
    std::string state;   ///< "ok", "missing", "damaged: <why>"
    std::uint64_t bytes = 0;
    std::string sha256;
  };
  /// Every block file of every kind present, checked.
  std::vector<FileStatus> verify() const;

 private:
  std::filesystem::path folder_;
  Json config_;
  std::string config_sha256_;
  std::uint64_t n_samples_ = 0;
  std::vector<BlockRange> blocks_;
};

}  // namespace alea
