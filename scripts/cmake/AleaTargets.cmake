# One library a folder: its own .cpp files and those one level below, static (a RUNPATH isn't inherited by shared ones).

function(alea_compile_options target)
  # Equal bits on every machine need products and sums that aren't fused behind our back.
  target_compile_options(${target} PRIVATE -ffp-contract=off -Wno-restrict)  # g++ 12 sees overlaps in std::string that are not there
  if(ALEA_NATIVE)
    target_compile_options(${target} PRIVATE -march=native)
  endif()
endfunction()

function(alea_library name folder)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp ${folder}/nn/*.cpp)
  if(sources)
    add_library(alea_${name} STATIC ${sources})
    target_include_directories(alea_${name} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/harness)
    target_link_libraries(alea_${name} ${ARGN})
    alea_compile_options(alea_${name})
  else()
    add_library(alea_${name} INTERFACE)
  endif()
  add_library(alea::${name} ALIAS alea_${name})
endfunction()
