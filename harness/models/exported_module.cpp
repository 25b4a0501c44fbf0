#include "models/exported_module.h"

#include <dlfcn.h>
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include "core/error.h"
#include "core/permissions.h"

namespace alea {
namespace {

/// What modules raise has types of its own beside c10::Error.
template <class Call>
auto calling(const std::filesystem::path& path, const char* what, Call call) {
  try {
    return call();
  } catch (const c10::Error& error) {
    fail(ErrorCode::data, "{}: {}: {}", path.string(), what, error.what_without_backtrace());
  } catch (const std::exception& error) {
    fail(ErrorCode::data, "{}: {}: {}", path.string(), what, error.what());
  }
}

class ScriptModule final : public ExportedModule {
 public:
  ScriptModule(const std::filesystem::path& path, at::Device device)
      : path_(path), module_(calling(path, "expected a TorchScript module (torch.jit.save)", [&] {
          return torch::jit::load(path.string(), device);
        })) {
    module_.eval();
    for (const auto& parameter : module_.parameters()) n_parameters_ += parameter.numel();
  }

  at::Tensor run(const std::vector<at::Tensor>& inputs) override {
    const std::vector<c10::IValue> values(inputs.begin(), inputs.end());
    const c10::IValue answer = calling(path_, "the module fails", [&] { return module_.forward(values); });
    if (answer.isTensor()) return answer.toTensor();
    if (answer.isTuple() && !answer.toTuple()->elements().empty() && answer.toTuple()->elements()[0].isTensor())
      return answer.toTuple()->elements()[0].toTensor();
    fail(ErrorCode::data, "{}: expected forward() to return a tensor or a tuple that begins with one, found {}", path_.string(),
         answer.tagKind());
  }

  std::int64_t n_parameters() const override { return n_parameters_; }

 private:
  std::filesystem::path path_;
  torch::jit::Module module_;
  std::int64_t n_parameters_ = 0;
};

/// The libtorch.so that packages name: an empty library of that name will do, since all of torch is loaded already.
void open_torch_stub() {
  if (dlopen("libtorch.so", RTLD_LAZY | RTLD_NOLOAD) != nullptr || dlopen(ALEA_TORCH_STUB, RTLD_LAZY | RTLD_GLOBAL) != nullptr)
    return;
  fail(ErrorCode::io, "{}: can't be opened ({}); packages need it, build alea again", ALEA_TORCH_STUB, dlerror());
}

class InductorPackage final : public ExportedModule {
 public:
  InductorPackage(const std::filesystem::path& path, at::Device device)
      : path_(path), loader_(calling(path, "expected an AOTInductor package for this machine", [&] {
          open_torch_stub();
          return std::make_unique<torch::inductor::AOTIModelPackageLoader>(path.string(), "model", /*run_single_threaded=*/false,
                                                                           /*num_runners=*/1, device.index());
        })) {}

  at::Tensor run(const std::vector<at::Tensor>& inputs) override {
    const auto answers = calling(path_, "the package fails", [&] { return loader_->run(inputs); });
    if (answers.empty()) fail(ErrorCode::data, "{}: expected the package to return a tensor, found none", path_.string());
    return answers.front();
  }

 private:
  std::filesystem::path path_;
  std::unique_ptr<torch::inductor::AOTIModelPackageLoader> loader_;
};

}  // namespace

std::unique_ptr<ExportedModule> load_exported_module(const std::filesystem::path& path, at::Device device) {
  if (path.extension() != ".pt2") return std::make_unique<ScriptModule>(path, device);
  if (!is_native_code_allowed())
    fail(ErrorCode::usage,
         "{}: a .pt2 package is machine code that would run with your rights; say --allow-code if you trust who made it, or "
         "export "
         "TorchScript",
         path.string());
  return std::make_unique<InductorPackage>(path, device);
}

}  // namespace alea
