// SPDX-License-Identifier: MIT
// The command line of the peers: words and key=value, in any order; the last of a key counts.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace peers {

class Arguments {
 public:
  Arguments(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
      const std::string argument = argv[i];
      const std::size_t equals = argument.find('=');
      values_[argument.substr(0, equals)] =
          equals == std::string::npos ? std::string() : argument.substr(equals + 1);
    }
  }

  [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }

  [[nodiscard]] std::string text(std::string_view name, std::string otherwise = {}) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::move(otherwise) : found->second;
  }

  [[nodiscard]] std::uint64_t number(std::string_view name) const {
    return std::strtoull(text(name).c_str(), nullptr, 10);
  }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace peers
