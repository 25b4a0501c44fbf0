#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "formats/safetensors.h"

namespace alea {

/// Tensors of a file written by torch.save: the zip container of torch >= 1.6 and the legacy one before it. Read by a restricted
/// pickle machine that builds tensors, containers and numbers and calls nothing: any other global or opcode is refused by name
/// and offset (Error{data}). Views of one storage share it; strided views are laid out row-major. Locations are ignored.
///
/// A dict of tensors gives its keys. Of nested dicts one level is unwrapped: where the top holds exactly one dict of tensors it
/// is taken, else the one called "state_dict", "model", "ema" or "params"; otherwise Error{data} lists what is there. TorchScript
/// archives are refused with a pointer to TorchScript loading.
class TorchArchive {
 public:
  explicit TorchArchive(const std::filesystem::path& path);
  const std::map<std::string, TensorSpan>& tensors() const { return tensors_; }

 private:
  std::shared_ptr<const void> owner_;  ///< mapping and copies that the spans point into
  std::map<std::string, TensorSpan> tensors_;
};

/// The same on bytes in memory (for tests and fuzzing); the spans live as long as the returned owner and `file`.
std::shared_ptr<const void> parse_torch_archive(std::span<const std::byte> file, const std::string& source,
                                                std::map<std::string, TensorSpan>& tensors);

}  // namespace alea
