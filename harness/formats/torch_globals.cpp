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

constexpr std::array<DTypeName, 14> kStorages{{{"torch.FloatStorage", DType::f32},
                                               {"torch.HalfStorage", DType::f16},
                                               {"torch.BFloat16Storage", DType::bf16},
                                               {"torch.DoubleStorage", DType::f64},
                                               {"torch.LongStorage", DType::i64},
                                               {"torch.IntStorage", DType::i32},
                                               {"torch.ShortStorage", DType::i16},
                                               {"torch.CharStorage", DType::i8},
                                               {"torch.ByteStorage", DType::u8},
                                               {"torch.BoolStorage", DType::boolean},
                                               {"torch.ComplexFloatStorage", DType::c64},
                                               {"torch.ComplexDoubleStorage", DType::c128},
                                               {"torch.UntypedStorage", DType::u8},
                                               {"torch.storage.UntypedStorage", DType::u8}}};

constexpr std::array<DTypeName, 20> kDTypes{{{"torch.float32", DType::f32},
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
                                             {"torch.bool", DType::boolean},
                                             {"torch.float8_e4m3fn", DType::f8_e4m3},
                                             {"torch.float8_e5m2", DType::f8_e5m2},
                                             {"torch.float8_e4m3fnuz", DType::f8_e4m3fnuz},
                                             {"torch.float8_e5m2fnuz", DType::f8_e5m2fnuz},
                                             {"torch.float8_e8m0fnu", DType::f8_e8m0},
                                             {"torch.complex64", DType::c64},
                                             {"torch.complex128", DType::c128}}};

/// Harmless as names; a tensor of them is refused by its own.
constexpr std::array<std::string_view, 7> kUnreadDTypes{"torch.complex32", "torch.float4_e2m1fn_x2", "torch.qint8",
                                                        "torch.quint8",    "torch.qint32",           "torch.quint4x2",
                                                        "torch.quint2x4"};

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
    for (const auto name : kUnreadDTypes) all.push_back({name});
    return all;
  }();
  return globals;
}

std::optional<DType> storage_dtype(std::string_view global) { return find_dtype(kStorages, global); }
std::optional<DType> global_dtype(std::string_view global) { return find_dtype(kDTypes, global); }

}  // namespace alea
