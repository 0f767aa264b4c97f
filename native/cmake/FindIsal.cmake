# Finds ISA-L (inflate and CRC-32 at SIMD speed) and defines Isal::isal.
# Debian: libisal-dev. Upstream: Intel Intelligent Storage Acceleration Library, BSD-3-Clause.
include(FindPackageHandleStandardArgs)

find_path(Isal_INCLUDE_DIR NAMES isa-l/igzip_lib.h)
find_library(Isal_LIBRARY NAMES isal)
find_package_handle_standard_args(
  Isal
  REQUIRED_VARS Isal_LIBRARY Isal_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "install ISA-L (Debian: apt install libisal-dev)")

if(Isal_FOUND AND NOT TARGET Isal::isal)
  add_library(Isal::isal UNKNOWN IMPORTED)
  set_target_properties(
    Isal::isal PROPERTIES IMPORTED_LOCATION "${Isal_LIBRARY}"
                          INTERFACE_INCLUDE_DIRECTORIES "${Isal_INCLUDE_DIR}")
endif()
mark_as_advanced(Isal_INCLUDE_DIR Isal_LIBRARY)
