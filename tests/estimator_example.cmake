# The worked example of harness/uncertainty/README.md, taken out of its text, joins the list and is held to the estimators' contract.
set(readme ${PROJECT_SOURCE_DIR}/harness/uncertainty/README.md)
set(example ${CMAKE_CURRENT_BINARY_DIR}/estimator_example)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${readme} ${PROJECT_SOURCE_DIR}/harness/uncertainty/estimators.def)
file(READ ${readme} text)
file(READ ${PROJECT_SOURCE_DIR}/harness/uncertainty/estimators.def list)
if(NOT text MATCHES "```cpp\n(#include [^`]*)```" OR text MATCHES "```cpp\n.*```cpp\n")
  message(FATAL_ERROR "${readme}: expected one ```cpp block, the example of an estimator")
endif()
string(REGEX MATCH "```cpp\n(#include [^`]*)```" found "${text}")
file(CONFIGURE OUTPUT ${example}/nearby.cpp CONTENT "${CMAKE_MATCH_1}" @ONLY)
if(NOT text MATCHES "```\n(ALEA_ESTIMATOR[^`]*)```")
  message(FATAL_ERROR "${readme}: expected a block with the example's line ALEA_ESTIMATOR(...)")
endif()
file(CONFIGURE OUTPUT ${example}/uncertainty/estimators.def CONTENT "${list}${CMAKE_MATCH_1}" @ONLY)

alea_test(test_estimator_example
  SOURCES ${example}/nearby.cpp ${PROJECT_SOURCE_DIR}/harness/uncertainty/estimators.cpp contract/estimators_contract_test.cpp
  LIBRARIES alea::trajectory LABELS contract FILTER "*/nearby")
target_include_directories(test_estimator_example BEFORE PRIVATE ${example})
