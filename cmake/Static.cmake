# SPDX-License-Identifier: MIT
# Included by the preset "static": a program that needs no file of the system it runs on, for a
# container image without one. Debian's archives are used instead of its shared libraries.
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(OPENSSL_USE_STATIC_LIBS ON)
set(ZLIB_USE_STATIC_LIBS ON)
set(PKG_CONFIG_ARGN --static)
# Debian's own description of yaml-cpp knows the shared library only.
set(yaml-cpp_DIR ${CMAKE_CURRENT_LIST_DIR}/static)
set(CMAKE_CXX_LINK_OPTIONS_PIE -static-pie)
# No shared library can be made of these archives.
set(LIBWS_INSTALL OFF CACHE BOOL "")
# `docker stop` kills after 10 s: the image drains for 8 s where the configuration says nothing.
add_compile_definitions(WSBRIDGED_DRAIN_SECONDS=8)
