#pragma once

namespace alea {

/// Threads of the network, of BLAS and of the metrics: n >= 1, or 0 for one a core. No result depends on it.
void use_threads(int n);

/// How many that is at present.
int threads_in_use();

/// While one lives, BLAS has one thread: metrics bring their own threads, and the order in which a threaded product is summed
/// would show in the last bits of a record.
class OneBlasThread {
 public:
  OneBlasThread();
  ~OneBlasThread();
  OneBlasThread(const OneBlasThread&) = delete;
  OneBlasThread& operator=(const OneBlasThread&) = delete;

 private:
  int before_;
};

/// Names torch, HDF5 and the BLAS that answers to provenance().
void register_library_versions();

}  // namespace alea
