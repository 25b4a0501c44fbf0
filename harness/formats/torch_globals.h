#pragma once

#include <optional>
#include <string_view>

#include "formats/safetensors.h"

namespace alea {

inline constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor";
inline constexpr std::string_view kRebuildTensorV2 = "torch._utils._rebuild_tensor_v2";
inline constexpr std::string_view kRebuildTensorV3 =
    "torch._utils._rebuild_tensor_v3";  // the dtype stands beside an untyped storage
inline constexpr std::string_view kRebuildParameter = "torch._utils._rebuild_parameter";
inline constexpr std::string_view kRebuildParameterWithState = "torch._utils._rebuild_parameter_with_state";

std::optional<DType> storage_dtype(std::string_view global);  ///< "torch.FloatStorage"; bytes for the untyped one
std::optional<DType> global_dtype(std::string_view global);   ///< "torch.float32"

}  // namespace alea
