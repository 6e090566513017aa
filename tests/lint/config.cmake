# SPDX-License-Identifier: MIT
# Reference file, minimal file, schema and loader say the same.
add_executable(config_dump ${CMAKE_CURRENT_LIST_DIR}/config_dump.cc)
target_link_libraries(config_dump PRIVATE wsbridged_config)
add_test(NAME lint_config_consistency
  COMMAND /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/config_consistency.py
    $<TARGET_FILE:config_dump> ${PROJECT_SOURCE_DIR}/config)
set_tests_properties(lint_config_consistency PROPERTIES LABELS lint TIMEOUT 60)
