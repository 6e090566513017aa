# SPDX-License-Identifier: MIT
# Everything comes from Debian's packages; Debian ships libevent without CMake files.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBEVENT REQUIRED IMPORTED_TARGET libevent_core)
pkg_check_modules(LIBPSL REQUIRED IMPORTED_TARGET libpsl)
pkg_check_modules(LIBIDN2 REQUIRED IMPORTED_TARGET libidn2)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_path(SPDLOG_INCLUDE spdlog/spdlog.h REQUIRED)

# Header-only on purpose: Debian ships no static archive of spdlog.
add_library(wsbridged_spdlog INTERFACE)
target_include_directories(wsbridged_spdlog SYSTEM INTERFACE ${SPDLOG_INCLUDE})
target_compile_definitions(wsbridged_spdlog INTERFACE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
