# The manual pages of section 3, made from the comments of the public headers by
# any awk (scripts/man3): a page for each header and for each function.
find_program(AWK NAMES mawk gawk awk REQUIRED)

set(man3_dir ${CMAKE_BINARY_DIR}/libsp/man3)
set(man3_scripts ${CMAKE_SOURCE_DIR}/scripts/man3/headers.awk
                 ${CMAKE_SOURCE_DIR}/scripts/man3/text.awk
                 ${CMAKE_SOURCE_DIR}/scripts/man3/overview.awk
                 ${CMAKE_SOURCE_DIR}/scripts/man3/pages.awk)
list(TRANSFORM man3_scripts PREPEND "-f;" OUTPUT_VARIABLE man3_words)
file(GLOB man3_headers CONFIGURE_DEPENDS
     ${CMAKE_SOURCE_DIR}/libsp/include/sp/*.h)

# Written anew as a whole: what was renamed leaves no page behind.
add_custom_command(
  OUTPUT ${man3_dir}.made
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${man3_dir}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${man3_dir}
  COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C ${AWK} -v DIRECTORY=${man3_dir}
          -v VERSION=${PROJECT_VERSION} ${man3_words} ${man3_headers}
  COMMAND ${CMAKE_COMMAND} -E touch ${man3_dir}.made
  DEPENDS ${man3_scripts} ${man3_headers}
  COMMENT "Printing the manual pages of section 3"
  VERBATIM)
add_custom_target(man3 ALL DEPENDS ${man3_dir}.made)

install(DIRECTORY ${man3_dir}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man3
        FILES_MATCHING PATTERN "*.3")
