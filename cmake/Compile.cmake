# SPDX-License-Identifier: MIT
# How our own code is compiled: warnings, sanitizers, hardening.
add_library(wsbridged_compile INTERFACE)
target_compile_options(wsbridged_compile INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor
  -fstack-protector-strong
  $<$<BOOL:${WSBRIDGED_WERROR}>:-Werror>)
target_link_options(wsbridged_compile INTERFACE -Wl,-z,relro,-z,now)

if(WSBRIDGED_SANITIZE)
  # For every target: a sanitizer must see all of the program.
  add_compile_options(-fsanitize=${WSBRIDGED_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WSBRIDGED_SANITIZE})
  if(WSBRIDGED_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 then misreads std::string(view) + "text", which every other preset finds clean.
    add_compile_options(-Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Of instrumented code GCC's manual says itself that this warning is often wrong.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
  if(WSBRIDGED_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=all)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" OR CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()

include(CheckPIESupported)
check_pie_supported()

# The sources of one folder: a file that lies in a room belongs to it.
function(room_sources variable)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${ARGN}/*.cc)
  set(${variable} ${sources} PARENT_SCOPE)
endfunction()

# The headers of the standard library that most sources of a room read: two fifths of what a small
# source takes to compile. The presets also compile eight sources at a time as one, which takes less
# than half. Each source still includes what it uses, which `./dev tidy` shows: it reads
# them one by one, without either.
function(precompile_standard_headers target)
  target_precompile_headers(${target} PRIVATE <algorithm> <array> <chrono> <cstdint> <functional>
    <map> <memory> <optional> <span> <string> <string_view> <unordered_map> <utility> <variant>
    <vector>)
endfunction()
