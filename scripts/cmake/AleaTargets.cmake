# One library a folder: its own .cpp files and those one level below, static (a RUNPATH isn't inherited by shared ones).

function(alea_compile_options target)
  # Equal bits on every machine need products and sums that aren't fused behind our back.
  target_compile_options(${target} PRIVATE -ffp-contract=off)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_compile_options(${target} PRIVATE -Wno-restrict)  # g++ 12 sees overlaps in std::string that are not there
  endif()
  if(ALEA_NATIVE)
    target_compile_options(${target} PRIVATE -march=native)
  endif()
endfunction()

function(alea_library name folder)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp ${folder}/nn/*.cpp)
  if(sources)
    add_library(alea_${name} STATIC ${sources})
    target_include_directories(alea_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/harness>)
    target_link_libraries(alea_${name} ${ARGN})
    alea_compile_options(alea_${name})
  else()
    add_library(alea_${name} INTERFACE)
  endif()
  add_library(alea::${name} ALIAS alea_${name})
endfunction()

# Gives one source file of a library version, git revision and kind of build. The revision is looked up at every build, and a
# new one compiles that file alone.
function(alea_build_info name source)
  set(folder ${PROJECT_BINARY_DIR}/generated)
  add_custom_target(alea_git_revision
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DHEADER=${folder}/alea_git_revision.h
            -P ${PROJECT_SOURCE_DIR}/scripts/cmake/git_revision.cmake
    BYPRODUCTS ${folder}/alea_git_revision.h
    COMMENT "Looking up the git revision")
  add_dependencies(alea_${name} alea_git_revision)
  set_source_files_properties(${source} PROPERTIES
    INCLUDE_DIRECTORIES ${folder}
    COMPILE_DEFINITIONS "ALEA_VERSION=\"${PROJECT_VERSION}\";ALEA_BUILD_TYPE=\"${CMAKE_BUILD_TYPE}\";ALEA_NATIVE=$<BOOL:${ALEA_NATIVE}>")
endfunction()
