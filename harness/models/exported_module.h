#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace alea {

/// A network that somebody exported whole, code and weights.
class ExportedModule {
 public:
  virtual ~ExportedModule() = default;
  /// The only answer, or the first of a tuple. Error{data} with the module's own message where it fails.
  virtual at::Tensor run(const std::vector<at::Tensor>& inputs) = 0;
  virtual std::int64_t n_parameters() const { return 0; }  ///< 0: the file doesn't say
};

/// A TorchScript module (torch.jit.save), or a .pt2 package of AOTInductor, told apart by the ending. A package is machine code:
/// Error{usage} unless is_native_code_allowed(). Error{data} for a file that is neither.
std::unique_ptr<ExportedModule> load_exported_module(const std::filesystem::path& path, at::Device device = at::kCPU);

}  // namespace alea
