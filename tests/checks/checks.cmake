# The tree itself is checked like any other promise; tests/checks/checks_test.py sees to it that the checks can fail.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

function(alea_check name)
  add_test(NAME checks.${name} COMMAND ${Python3_EXECUTABLE} ${ARGN})
  set_tests_properties(checks.${name} PROPERTIES LABELS checks TIMEOUT 600 ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
endfunction()

alea_check(layers ${PROJECT_SOURCE_DIR}/scripts/check_layers.py)
alea_check(size ${PROJECT_SOURCE_DIR}/scripts/check_size.py)
alea_check(house ${PROJECT_SOURCE_DIR}/scripts/check_house.py)
alea_check(headers ${PROJECT_SOURCE_DIR}/scripts/check_headers.py --build ${PROJECT_BINARY_DIR})
alea_check(can_fail ${PROJECT_SOURCE_DIR}/tests/checks/checks_test.py)
alea_check(test_summary ${PROJECT_SOURCE_DIR}/tests/checks/test_summary_test.py)
alea_check(gpu_check ${PROJECT_SOURCE_DIR}/tests/checks/gpu_check_test.py)
alea_check(fetch ${PROJECT_SOURCE_DIR}/tests/checks/fetch_test.py)
alea_check(readme_sampler ${PROJECT_SOURCE_DIR}/tests/checks/readme_sampler_test.py ${PROJECT_BINARY_DIR})
alea_check(consumer ${PROJECT_SOURCE_DIR}/tests/checks/consumer_test.py ${PROJECT_BINARY_DIR})
