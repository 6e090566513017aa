// SPDX-License-Identifier: MIT
// Reading the small files of a configuration, bounded, with the reason when that fails.
#pragma once

#include <cstddef>
#include <string>
#include <variant>

namespace wsbridged::config {

struct InputFailure {
  std::string reason;  // "cannot be read: …"
  int error_number = 0;
};

enum class InputKind : unsigned char {
  kRegularFile,  // a pipe or a device is refused
  kAnyFile       // so that -c /dev/stdin and <(command) work
};

struct InputLimits {
  std::size_t max_bytes;
  InputKind kind;
};

[[nodiscard]] std::variant<std::string, InputFailure> read_input_file(const std::string& path,
                                                                      const InputLimits& limits);

// Can a regular file be opened for reading? The reason when not, empty when it can.
[[nodiscard]] std::string refuse_unreadable(const std::string& path);

}  // namespace wsbridged::config
