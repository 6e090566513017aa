// SPDX-License-Identifier: MIT
// From YAML text to Config. Every problem of a file is reported in one go, with its place; expanded
// text (${env:…}, ${file:…}, ${credential:…}) never appears in a message.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace wsbridged::config {

struct Problem {
  std::string source;  // file name, or the flag or variable
  int line = 0;        // from 1; 0 when the source has no lines
  int column = 0;
  std::string message;
};

// "FILE:LINE:COLUMN: message" or "--flag: message".
[[nodiscard]] std::string to_string(const Problem& problem);

struct Loaded {
  Config config;  // meaningful when errors is empty
  std::vector<Problem> errors;
  std::vector<Problem> warnings;  // legal and unwise
};

// Looks a variable up; the process' environment unless a test says otherwise.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
[[nodiscard]] Environment process_environment();

// What does not fit the world outside of the file, found by who knows that world.
struct Misfit {
  std::vector<std::string> keys;          // the way to it in the bridge: {"upstream", "url"}
  std::optional<std::size_t> listener{};  // which one, for {"listen"}
  std::string message;
  std::string item{};  // below the last key: an entry of its map, or the number of a list's item
};

// Asked about each bridge that has no other error, so that all errors come at once. Empty: nobody.
using BridgeCheck = std::function<std::vector<Misfit>(const Bridge& bridge)>;

// At most 1 MiB.
[[nodiscard]] Loaded load_file(const std::string& path, const Environment& environment,
                               const BridgeCheck& check = {});
[[nodiscard]] Loaded load_text(std::string_view yaml, const std::string& source,
                               const Environment& environment, const BridgeCheck& check = {});

// One bridge named "main" out of flags or variables.
struct QuickBridge {
  std::string listen;
  std::string upstream;
  std::vector<std::string> subprotocols;
  std::string cookie_jar;
  std::vector<std::string> headers;  // "Name: value"
  bool allow_remote = false;
  std::map<std::string, std::string> variables{};  // by flag: those that were set instead of it
};

[[nodiscard]] Loaded load_quick_bridge(const QuickBridge& bridge, const Environment& environment,
                                       const BridgeCheck& check = {});

// The effective configuration as YAML that load_text() takes again, secrets replaced by
// "(redacted)".
[[nodiscard]] std::string print(const Config& config);

// One value of the effective configuration.
struct Setting {
  std::string path;   // "bridges.chat.upstream.url"; the items of a list share theirs
  std::string value;  // secret: only for comparing
  std::string shown;  // as print() writes it
};

// All of them, in the order of print().
[[nodiscard]] std::vector<Setting> settings_of(const Config& config);

}  // namespace wsbridged::config
