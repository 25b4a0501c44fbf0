#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "formats/mapped_file.h"
#include "formats/safetensors.h"
#include "models/weights.h"

namespace alea {

struct CheckpointOptions {
  /// Expected, whole or its first 8 or more hex digits, as names of published files carry them; empty: not checked.
  std::string sha256 = {};
  std::string member = {};  ///< which dict of a nested checkpoint: "ema"; empty: as TorchArchive chooses
  std::string prefix = {};  ///< keys that begin with it count, without it; all others are left out
  std::function<std::string(const std::string&)> rename = {};  ///< of keys, after the prefix is gone: older names of one network
  /// Of shapes, by the new name, to as many elements: a 1x1 convolution that was kept as a matrix.
  std::function<std::vector<std::int64_t>(const std::string&, const std::vector<std::int64_t>&)> reshape = {};
};

/// Parameters in files, memory-mapped: safetensors, torch.save's zip archives and its legacy files, told apart by content; or the
/// shards that a "*.index.json" lists ("weight_map": key -> file name beside it). Where every key begins with "module." or
/// "_orig_mod." (wrappers of training), it is taken off. The sha256 of shards is that of the lines that `sha256sum SHARDS...`
/// prints for their names in order.
/// Error{io} when a file is missing, Error{data} with both hashes when it is another one, naming file and key when shards and
/// index disagree, two keys get one name or a tensor has complex numbers, Error{config} for a hash that is none.
class Checkpoint {
 public:
  explicit Checkpoint(const std::filesystem::path& path, const CheckpointOptions& options = {});

  const std::string& source() const { return source_; }
  const std::string& sha256() const { return sha256_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::map<std::string, TensorSpan>& tensors() const { return tensors_; }  ///< of floating type
  /// Tensors of integers or booleans (counters, positions, masks) and keys without the prefix.
  const std::vector<std::string>& left_out() const { return left_out_; }
  /// Error{data} with file, key and dtype where a parameter that a network wants is among the integers: quantised weights.
  void refuse_integers(const std::string& name) const;

  /// A copy as float32, exact but for F64 (from F32, F16, BF16, F64 and 8-bit floating point). The file's memory is handed back,
  /// so that a network which takes its parameters one by one needs their size and the largest one's.
  at::Tensor read(const std::string& name) const;

 private:
  struct File {
    MappedFile mapped;
    std::shared_ptr<const void> owner;
  };
  void open(const std::filesystem::path& path, const std::string& member);
  void choose_names(const CheckpointOptions& options);
  void keep(const std::string& key, TensorSpan span, const CheckpointOptions& options);

  std::string source_, sha256_;
  std::vector<File> files_;
  std::map<std::string, TensorSpan> tensors_;
  std::map<std::string, std::string> metadata_;
  std::vector<std::string> left_out_;
  std::map<std::string, DType> integers_;  ///< by the names that networks know
};

/// Gives a network its parameters straight out of a checkpoint. finish() as MapSource's.
class CheckpointSource : public ParameterSource {
 public:
  explicit CheckpointSource(const Checkpoint& checkpoint) : checkpoint_(checkpoint) {}
  at::Tensor take(const std::string& name, at::IntArrayRef shape, ParameterRole role) override;
  void finish() const;
  std::int64_t n_parameters() const { return n_parameters_; }

 private:
  const Checkpoint& checkpoint_;
  ParameterProblems problems_;
  std::int64_t n_parameters_ = 0;
  std::size_t n_unreleased_ = 0;  ///< bytes handed out since freed memory went back to the kernel
};

}  // namespace alea
