// SPDX-License-Identifier: MIT
// The command line of wscat: every field of ws::Options by the flag of its name.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <ws/options.h>

struct WscatFlags {
  std::string url;
  ws::Options options;
  bool binary = false;                     // send lines as binary messages
  bool one_shot = false;                   // leave after the first message
  std::chrono::milliseconds linger{1000};  // silence after the end of standard input, then close
  bool quiet = false;                      // say nothing about the connection
};

// nullopt: the program is to end with `status`, help or a usage error has been printed.
[[nodiscard]] std::optional<WscatFlags> parse_flags(int argc, char** argv, int& status);
