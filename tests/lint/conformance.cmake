# SPDX-License-Identifier: MIT
# Every requirement of the conformance suite has a test, and its page tells so.
foreach(name coverage coverage_test)
  add_test(NAME lint_conformance_${name}
    COMMAND /usr/bin/python3 -B ${PROJECT_SOURCE_DIR}/tests/conformance/${name}.py)
  set_tests_properties(lint_conformance_${name} PROPERTIES LABELS lint TIMEOUT 60)
endforeach()
