#pragma once

namespace alea {

/// Whether files may bring machine code that runs in this process (.pt2 packages): no, until somebody who knows the file says so
/// (--allow-code).
void allow_native_code();
bool is_native_code_allowed();

}  // namespace alea
