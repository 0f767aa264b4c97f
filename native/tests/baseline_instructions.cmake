# Fails if a file of the core that is compiled for every x86-64 CPU has AVX instructions: on an older
# CPU the process would end there, and no test on a newer one shows it.
# Run as cmake -D objdump=… -D objects=… -D simd_sources=… -P this; lists are joined by "|".
string(REPLACE "|" ";" objects "${objects}")
foreach(object IN LISTS objects)
  string(REGEX REPLACE "^.*/([^/]+/[^/]+)\\.(o|obj)$" "\\1" source "${object}")
  if("|${simd_sources}|" MATCHES "\\|${source}\\|")
    set(seen_simd TRUE)
    continue()
  endif()
  execute_process(COMMAND "${objdump}" -d --no-show-raw-insn "${object}"
                  OUTPUT_VARIABLE code COMMAND_ERROR_IS_FATAL ANY)
  if(code MATCHES "[^\n]*%[yz]mm[^\n]*" OR code MATCHES "[^\n]*\tv[a-z0-9]+ [^\n]*%xmm[^\n]*")
    message(SEND_ERROR "${source} needs AVX:${CMAKE_MATCH_0}")
  endif()
endforeach()
if(NOT seen_simd)
  message(FATAL_ERROR "no SIMD file among ${objects}")
endif()
