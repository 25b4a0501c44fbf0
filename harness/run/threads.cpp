#include "run/threads.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <tbb/global_control.h>
#include <torch/headeronly/version.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>

#include "core/provenance.h"
#include "hdf5/hdf5.h"

namespace alea {

namespace {

/// "Intel(R) oneAPI Math Kernel Library Version 2024.2-Product Build ..." without the parts after the first comma or line.
std::string first_clause(const std::string& text) { return text.substr(0, text.find_first_of(",\n")); }

}  // namespace

void use_threads(int n) {
  static std::unique_ptr<tbb::global_control> limit;
  const int threads = n > 0 ? n : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  at::set_num_threads(threads);
  limit = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads));
}

int threads_in_use() { return at::get_num_threads(); }

void register_library_versions() {
  register_library("torch", TORCH_VERSION);
  register_library("torch instruction set", at::get_cpu_capability());
  register_library("blas", first_clause(at::get_mkl_version()));
  register_library("hdf5", hdf5_version());
}

}  // namespace alea
