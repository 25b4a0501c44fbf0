# Run at build time: writes HEADER with the revision of SOURCE and whether what is compiled differs from it, but only when that
# changed, so that a build without changes compiles nothing. Outside a git checkout the header is empty.
execute_process(COMMAND git rev-parse HEAD WORKING_DIRECTORY ${SOURCE}
  OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
set(text "")
if(status EQUAL 0)
  execute_process(
    COMMAND git status --porcelain -- CMakeLists.txt harness metrics data protocols results scripts/cmake scripts/wheels.txt
    WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE changes ERROR_QUIET)
  set(dirty false)
  if(changes)
    set(dirty true)
  endif()
  set(text "#define ALEA_GIT_REVISION \"${revision}\"\n#define ALEA_GIT_DIRTY ${dirty}\n")
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT "${text}" @ONLY)
