#include "formats/torch_globals.h"

#include <array>
#include <vector>

#include "formats/torch_pickle.h"

namespace alea {
namespace {

struct DTypeName {
  std::string_view name;
  DType dtype;
};

constexpr std::array<DTypeName, 12> kStorages{{{"torch.FloatStorage", DType::f32},
                                               {"torch.HalfStorage", DType::f16},
                                               {"torch.BFloat16Storage", DType::bf16},
                                               {"torch.DoubleStorage", DType::f64},
                                               {"torch.LongStorage", DType::i64},
                                               {"torch.IntStorage", DType::i32},
                                               {"torch.ShortStorage", DType::i16},
                                               {"torch.CharStorage", DType::i8},
                                               {"torch.ByteStorage", DType::u8},
                                               {"torch.BoolStorage", DType::boolean},
                                               {"torch.UntypedStorage", DType::u8},
                                               {"torch.storage.UntypedStorage", DType::u8}}};

constexpr std::array<DTypeName, 13> kDTypes{{{"torch.float32", DType::f32},
                                             {"torch.float16", DType::f16},
                                             {"torch.bfloat16", DType::bf16},
                                             {"torch.float64", DType::f64},
                                             {"torch.int64", DType::i64},
                                             {"torch.int32", DType::i32},
                                             {"torch.int16", DType::i16},
                                             {"torch.int8", DType::i8},
                                             {"torch.uint8", DType::u8},
                                             {"torch.uint16", DType::u16},
                                             {"torch.uint32", DType::u32},
                                             {"torch.uint64", DType::u64},
                                             {"torch.bool", DType::boolean}}};

/// Tensors and dicts, and harmless values that stand beside weights in checkpoints of trainers.
constexpr std::array<PickleGlobal, 17> kOthers{{{"collections.OrderedDict", true},
                                                {"collections.defaultdict", true},
                                                {kRebuildTensor},
                                                {kRebuildTensorV2},
                                                {kRebuildTensorV3},
                                                {kRebuildParameter},
                                                {kRebuildParameterWithState},
                                                {"torch.Size"},
                                                {"torch.device"},
                                                {"argparse.Namespace"},
                                                {"_codecs.encode"},
                                                {"builtins.set"},
                                                {"builtins.dict"},
                                                {"builtins.list"},
                                                {"__builtin__.set"},
                                                {"__builtin__.dict"},
                                                {"__builtin__.list"}}};

template <std::size_t kSize>
std::optional<DType> find_dtype(const std::array<DTypeName, kSize>& rows, std::string_view name) {
  for (const auto& row : rows)
    if (row.name == name) return row.dtype;
  return std::nullopt;
}

}  // namespace

std::span<const PickleGlobal> torch_globals() {
  static const std::vector<PickleGlobal> globals = [] {
    std::vector<PickleGlobal> all(kOthers.begin(), kOthers.end());
    for (const auto& row : kStorages) all.push_back({row.name});
    for (const auto& row : kDTypes) all.push_back({row.name});
    return all;
  }();
  return globals;
}

std::optional<DType> storage_dtype(std::string_view global) { return find_dtype(kStorages, global); }
std::optional<DType> global_dtype(std::string_view global) { return find_dtype(kDTypes, global); }

}  // namespace alea
