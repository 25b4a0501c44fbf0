#pragma once

namespace alea {

/// Keeps big buffers in the process between network calls: glibc would hand them to the kernel and fetch zeroed pages anew,
/// which costs more than the arithmetic. First thing in main.
void keep_big_buffers();

/// Hands what is freed at the moment back to the kernel, holes between what is in use included; their addresses stay for later.
void release_freed_memory();

}  // namespace alea
