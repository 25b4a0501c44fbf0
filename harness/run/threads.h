#pragma once

namespace alea {

/// Threads of the network, of BLAS and of the metrics: n >= 1, or 0 for one a core. No result depends on it.
void use_threads(int n);

/// How many that is at present.
int threads_in_use();

/// Names torch, HDF5 and the BLAS that answers to provenance().
void register_library_versions();

}  // namespace alea
