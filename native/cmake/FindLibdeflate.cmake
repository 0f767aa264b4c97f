# Finds libdeflate (inflate of whole streams and Adler-32 at SIMD speed) and defines
# Libdeflate::libdeflate. Debian: libdeflate-dev. Upstream: ebiggers/libdeflate, MIT.
include(FindPackageHandleStandardArgs)

find_path(Libdeflate_INCLUDE_DIR NAMES libdeflate.h)
find_library(Libdeflate_LIBRARY NAMES deflate)
find_package_handle_standard_args(
  Libdeflate
  REQUIRED_VARS Libdeflate_LIBRARY Libdeflate_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "install libdeflate (Debian: apt install libdeflate-dev)")

if(Libdeflate_FOUND AND NOT TARGET Libdeflate::libdeflate)
  add_library(Libdeflate::libdeflate UNKNOWN IMPORTED)
  set_target_properties(
    Libdeflate::libdeflate PROPERTIES IMPORTED_LOCATION "${Libdeflate_LIBRARY}"
                                      INTERFACE_INCLUDE_DIRECTORIES "${Libdeflate_INCLUDE_DIR}")
endif()
mark_as_advanced(Libdeflate_INCLUDE_DIR Libdeflate_LIBRARY)
