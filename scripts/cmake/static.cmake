# A static library beside a shared one: of the same objects, linked into one
# that shows what the shared one exports, by the same map, and nothing else.
# What is private in libsp meets no name of the program's own.
#
#   sp_static_library(sp_static sp MAP libsp.map OBJECTS ... ARCHIVES ...)
#
# OBJECTS are all in it, of ARCHIVES what they need.
function(sp_static_library target of)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "MAP" "OBJECTS;ARCHIVES")
  get_target_property(output ${of} OUTPUT_NAME)
  set(whole ${CMAKE_CURRENT_BINARY_DIR}/${output}-whole.o)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${output}.o)
  set(names ${CMAKE_CURRENT_BINARY_DIR}/${output}.names)

  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${arg_MAP})
  file(STRINGS ${arg_MAP} lines REGEX "^    sp_")
  string(REGEX MATCHALL "sp_[a-z0-9_]+" exported "${lines}")
  string(REPLACE ";" "\n" exported "${exported}")
  file(WRITE ${names} "${exported}\n")

  add_custom_command(
    OUTPUT ${object}
    COMMAND ${CMAKE_LINKER} -r -o ${whole} ${arg_OBJECTS}
            --start-group ${arg_ARCHIVES} --end-group
    COMMAND ${CMAKE_OBJCOPY} --keep-global-symbols=${names} ${whole} ${object}
    DEPENDS ${arg_OBJECTS} ${arg_ARCHIVES} ${names}
    COMMENT "Linking ${output}.o"
    COMMAND_EXPAND_LISTS VERBATIM)
  set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT ON
                                                   GENERATED ON)
  add_library(${target} STATIC ${object})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${output}
                                             LINKER_LANGUAGE C)
endfunction()
