# SPDX-License-Identifier: MIT
# status_page.html as a source, with the hashes of its one style and its one script for the
# Content-Security-Policy (CSP Level 3, section 6.7.3.3: base64 of SHA-256 of the element's text).
set(status_page ${CMAKE_CURRENT_SOURCE_DIR}/status_page.html)
set(status_page_source ${CMAKE_CURRENT_BINARY_DIR}/status_page.cc)
add_custom_command(
  OUTPUT ${status_page_source}
  COMMAND ${CMAKE_COMMAND} -D PAGE=${status_page} -D OUTPUT=${status_page_source}
    -P ${PROJECT_SOURCE_DIR}/cmake/EmbedPage.cmake
  DEPENDS ${status_page} ${PROJECT_SOURCE_DIR}/cmake/EmbedPage.cmake
  COMMENT "Embedding status_page.html"
  VERBATIM)
