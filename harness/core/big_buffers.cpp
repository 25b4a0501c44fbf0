#include "core/big_buffers.h"

#include <malloc.h>

namespace alea {

void keep_big_buffers() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2047 << 20);
}

void release_freed_memory() { malloc_trim(0); }

}  // namespace alea
