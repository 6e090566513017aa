# SPDX-License-Identifier: MIT
# The values of version.h as a source of their own: a new commit compiles nothing else again.
set(version_source ${CMAKE_CURRENT_BINARY_DIR}/version.cc)
execute_process(
  COMMAND git -c safe.directory=* describe --always --dirty --exclude=*
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
  OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  set(revision unknown)
endif()
file(CONFIGURE OUTPUT ${version_source} CONTENT [[
// SPDX-License-Identifier: MIT
#include "daemon/version.h"

namespace wsbridged {

const std::string_view kVersion = "@PROJECT_VERSION@";
const std::string_view kRevision = "@revision@";

}  // namespace wsbridged
]] @ONLY)
