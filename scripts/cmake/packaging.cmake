# What is installed, and where: here, once.  The folders only build.
#
#   bin/spd, bin/spctl
#   include/sp/*.h
#   LIBDIR/libsp.so, libsp-event.so, libsp-evhttp.so, and .a of each
#   LIBDIR/libsp/sp-worker, modules/*.so      found by spd beside itself
#   LIBDIR/pkgconfig, LIBDIR/cmake/libsp
#   share/man, share/bash-completion
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/libsp)

# Where the files lie relative to each other is fixed, the prefix is not: so
# everything is found from where it is, under any `cmake --install --prefix`.
file(RELATIVE_PATH lib_from_bin /p/${CMAKE_INSTALL_BINDIR}
     /p/${CMAKE_INSTALL_LIBDIR})
file(RELATIVE_PATH prefix_from_pkgconfig /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig
     /p)

set_target_properties(sp_headers PROPERTIES EXPORT_NAME headers)
set_target_properties(sp_event sp_evhttp PROPERTIES INSTALL_RPATH "\$ORIGIN")
set_target_properties(spctl PROPERTIES INSTALL_RPATH "\$ORIGIN/${lib_from_bin}")

get_directory_property(modules DIRECTORY worker/modules BUILDSYSTEM_TARGETS)
install(TARGETS spd spctl DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS sp-worker DESTINATION ${SP_PRIVATE_DIR})
install(TARGETS ${modules} DESTINATION ${SP_PRIVATE_DIR}/modules)
install(DIRECTORY libsp/include/sp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")

foreach(page libsp/spctl/spctl.1 supervisor/spd.8 supervisor/spd.conf.5)
  string(REGEX MATCH "[0-9]$" section ${page})
  install(FILES ${CMAKE_BINARY_DIR}/${page}
          DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

include(scripts/cmake/manual.cmake)

install(FILES scripts/completion/spctl.bash RENAME spctl
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)

install(TARGETS sp sp_headers sp_event sp_evhttp EXPORT libsp-targets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT libsp-targets NAMESPACE libsp:: DESTINATION ${package_dir})
if(SP_STATIC)
  set_target_properties(sp_static PROPERTIES EXPORT_NAME sp-static)
  install(TARGETS sp_static sp_event_static sp_evhttp_static
          EXPORT libsp-static-targets
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT libsp-static-targets NAMESPACE libsp::
          DESTINATION ${package_dir})
endif()

foreach(name libsp libsp-event libsp-evhttp)
  configure_file(scripts/cmake/${name}.pc.in scripts/${name}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/scripts/${name}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

configure_package_config_file(
  scripts/cmake/libsp-config.cmake.in scripts/libsp-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(
  ${CMAKE_BINARY_DIR}/scripts/libsp-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/scripts/libsp-config.cmake
              ${CMAKE_BINARY_DIR}/scripts/libsp-config-version.cmake
        DESTINATION ${package_dir})
