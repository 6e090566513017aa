# SPDX-License-Identifier: MIT
# yaml-cpp's archive, in place of the description that Debian ships: see cmake/Static.cmake.
find_library(YAML_CPP_ARCHIVE libyaml-cpp.a REQUIRED)
add_library(yaml-cpp STATIC IMPORTED)
set_target_properties(yaml-cpp PROPERTIES IMPORTED_LOCATION ${YAML_CPP_ARCHIVE})
