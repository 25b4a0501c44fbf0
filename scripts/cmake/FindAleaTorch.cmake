# libtorch as the wheel lays it out, or any libtorch folder (-DALEA_TORCH_ROOT=DIR). Not TorchConfig.cmake of the wheel:
# that one insists on a CUDA toolkit. Only libtorch_cpu and libc10 are linked; CUDA is opened at run time.
set(ALEA_TORCH_ROOT ${PROJECT_SOURCE_DIR}/.deps/torch/torch CACHE PATH "Folder with include/ and lib/ of libtorch")

find_path(AleaTorch_INCLUDE_DIR ATen/ATen.h PATHS ${ALEA_TORCH_ROOT}/include NO_DEFAULT_PATH)
find_library(AleaTorch_CPU_LIBRARY torch_cpu PATHS ${ALEA_TORCH_ROOT}/lib NO_DEFAULT_PATH)
find_library(AleaTorch_C10_LIBRARY c10 PATHS ${ALEA_TORCH_ROOT}/lib NO_DEFAULT_PATH)
# One OpenMP runtime in the process: the one that libtorch_cpu brings.
find_library(AleaTorch_OMP_LIBRARY NAMES libgomp.so.1 PATHS ${ALEA_TORCH_ROOT}/lib NO_DEFAULT_PATH)
find_library(AleaTorch_OMP_LIBRARY NAMES gomp libgomp.so.1)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(AleaTorch
  REQUIRED_VARS AleaTorch_CPU_LIBRARY AleaTorch_C10_LIBRARY AleaTorch_OMP_LIBRARY AleaTorch_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "no libtorch in ${ALEA_TORCH_ROOT}: run scripts/setup, or give -DALEA_TORCH_ROOT=DIR")

if(AleaTorch_FOUND AND NOT TARGET alea::torch)
  # The wheel's own dependencies are found through its RUNPATHs (../../nvidia/...), so they need no mention here.
  add_library(alea::torch_blas INTERFACE IMPORTED)
  set_target_properties(alea::torch_blas PROPERTIES
    INTERFACE_LINK_LIBRARIES "-Wl,--no-as-needed;${AleaTorch_CPU_LIBRARY};${AleaTorch_C10_LIBRARY};${AleaTorch_OMP_LIBRARY};-Wl,--as-needed"
    INTERFACE_LINK_OPTIONS "-Wl,-rpath,${ALEA_TORCH_ROOT}/lib;-Wl,--allow-shlib-undefined")
  add_library(alea::torch INTERFACE IMPORTED)
  # -idirafter: the wheel bundles its own fmt and nlohmann headers; the system's must win.
  set_target_properties(alea::torch PROPERTIES
    INTERFACE_COMPILE_OPTIONS "SHELL:-idirafter ${AleaTorch_INCLUDE_DIR};SHELL:-idirafter ${AleaTorch_INCLUDE_DIR}/torch/csrc/api/include;-Wno-unused-parameter"
    INTERFACE_LINK_LIBRARIES alea::torch_blas)
endif()
