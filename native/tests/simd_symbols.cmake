# Fails if a file compiled for one SIMD level defines a weak symbol: the linker may keep that copy for
# all files, and a CPU below the level then stops at an instruction it does not know.
# Run as cmake -D nm=… -D objects=… -D sources=… -P simd_symbols.cmake; lists are joined by "|".
string(REPLACE "|" ";" objects "${objects}")
string(REPLACE "|" ";" sources "${sources}")
if(NOT sources)
  message(FATAL_ERROR "no file is compiled for a SIMD level")
endif()
foreach(source IN LISTS sources)
  set(object "${objects}")
  list(FILTER object INCLUDE REGEX "/${source}\\.(o|obj)$")
  if(object STREQUAL "")
    message(FATAL_ERROR "${source} has no object file")
  endif()
  execute_process(COMMAND "${nm}" --defined-only --demangle "${object}"
                  OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  # V, W: weak; u: unique in the whole program. DW.ref names a function and holds no code.
  string(REGEX MATCHALL "[0-9a-f]+ [VvWwu] [^\n]+" weak "${symbols}")
  list(FILTER weak EXCLUDE REGEX " DW\\.ref\\.")
  if(weak)
    list(JOIN weak "\n  " weak)
    message(SEND_ERROR "${source} defines\n  ${weak}")
  endif()
endforeach()
