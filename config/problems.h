// SPDX-License-Identifier: MIT
// The sink in which every problem of a configuration is collected, and the places they point to.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "config/loader.h"

namespace wsbridged::config {

// Where a value was written. `source` belongs to the Document and outlives its nodes.
struct Place {
  const std::string* source = nullptr;
  int line = 0;  // from 1; 0 when the source has no lines
  int column = 0;
};

// A problem that is found twice at one place (a default that several bridges inherit) is kept once.
class Problems {
 public:
  // Errors beyond this many are only counted: a file that is wrong everywhere stays readable.
  static constexpr std::size_t kMaxErrors = 100;

  void error(const Place& place, std::string message);
  void warning(const Place& place, std::string message);

  [[nodiscard]] std::size_t error_count() const { return errors_.size(); }

  [[nodiscard]] bool is_full() const { return errors_.size() >= kMaxErrors; }

  // In the order of their places; a last one says when more were found than are kept.
  [[nodiscard]] std::vector<Problem> take_errors();
  [[nodiscard]] std::vector<Problem> take_warnings();

 private:
  using Seen = std::set<std::tuple<std::string, int, int, std::string>>;

  bool is_new(const Place& place, const std::string& message);

  std::vector<Problem> errors_;
  std::vector<Problem> warnings_;
  Seen seen_;
  bool has_more_ = false;
};

// Text of the file or of a flag as it may stand in a message: bounded, control characters escaped.
[[nodiscard]] std::string shown(std::string_view text);

// \xNN, as messages and YAML write a byte that cannot be seen.
[[nodiscard]] std::string escaped_byte(char c);

}  // namespace wsbridged::config
