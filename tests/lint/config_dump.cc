// SPDX-License-Identifier: MIT
// What the loader knows, for config_consistency.py: "keys" prints every accepted key, "print FILE"
// the effective configuration of a file.
#include <iostream>
#include <string>

#include "config/loader.h"
#include "config/tables.h"

namespace {

int print_keys() {
  for (const std::string& key : wsbridged::config::accepted_keys()) {
    std::cout << key << '\n';
  }
  return 0;
}

int print_file(const std::string& path) {
  namespace config = wsbridged::config;
  const config::Loaded loaded = config::load_file(path, config::process_environment());
  for (const config::Problem& problem : loaded.errors) {
    std::cerr << to_string(problem) << '\n';
  }
  if (!loaded.errors.empty()) {
    return 2;
  }
  std::cout << config::print(loaded.config);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "keys") {
    return print_keys();
  }
  if (verb == "print" && argc == 3) {
    return print_file(argv[2]);
  }
  std::cerr << "usage: config_dump keys | print FILE\n";
  return 2;
}
