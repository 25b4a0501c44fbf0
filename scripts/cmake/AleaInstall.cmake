# `cmake --install` gives other programs the two libraries that need no tensors. Their headers keep the paths of the source tree below
# include/alea; BLAS and LAPACK are the user's own.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

function(alea_install name folder)
  set_target_properties(alea_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(alea_${name} PUBLIC $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/alea>)
  install(TARGETS alea_${name} EXPORT alea ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY ${folder}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/alea/${name} FILES_MATCHING PATTERN "*.h")
endfunction()

set(alea_package ${CMAKE_INSTALL_LIBDIR}/cmake/alea)
install(EXPORT alea NAMESPACE alea:: DESTINATION ${alea_package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/aleaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/aleaConfig.cmake ${PROJECT_BINARY_DIR}/aleaConfigVersion.cmake DESTINATION ${alea_package})
