#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "formats/mapped_file.h"
#include "formats/safetensors.h"

namespace alea {

/// Tensors of a file written by torch.save: the zip container of torch >= 1.6 and the legacy one before it. Read by a restricted
/// pickle machine that builds tensors, containers and numbers and calls nothing: any other global or opcode is refused by name
/// and offset (Error{data}). Views of one storage share it; strided views are laid out row-major. Locations are ignored.
///
/// A dict of tensors gives its keys (text, or whole numbers in decimal); what isn't a tensor in it is left out. Of nested dicts
/// one level is unwrapped: `member` where it is given; else the only dict of tensors where none lies beside it; else the only one
/// called "state_dict", "model", "ema" or "params"; otherwise Error{data} lists what is there. A list of tensors gives "0", "1",
/// ..., a single tensor "tensor". TorchScript archives are refused with a pointer to TorchScript loading.
class TorchArchive {
 public:
  explicit TorchArchive(const std::filesystem::path& path, const std::string& member = "");
  const std::map<std::string, TensorSpan>& tensors() const { return tensors_; }

 private:
  MappedFile file_;
  std::shared_ptr<const void> owner_;  ///< copies that spans point into, where they don't point into the file
  std::map<std::string, TensorSpan> tensors_;
};

/// The same on bytes in memory; the spans live as long as the returned owner and `file`. All tensors together may be 16 times as
/// large as the file (expanded and shared ones), so that a small file can't claim any amount of memory.
std::shared_ptr<const void> parse_torch_archive(std::span<const std::byte> file, const std::string& source,
                                                std::map<std::string, TensorSpan>& tensors, const std::string& member = "");

/// By content: a zip archive, or a legacy file's magic number, or the tar container before that (which reading then refuses).
bool is_torch_archive(std::span<const std::byte> file);

}  // namespace alea
