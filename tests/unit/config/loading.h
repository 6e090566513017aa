// SPDX-License-Identifier: MIT
// For tests of the configuration: texts in, messages out, and a folder of temporary files.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/loader.h"

namespace wsbridged::config {

using Variables = std::map<std::string, std::string>;

inline Environment environment_of(const Variables& variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found != variables.end() ? std::optional(found->second) : std::nullopt;
  };
}

inline Loaded load(std::string_view yaml, const Variables& variables = {}) {
  return load_text(yaml, "f", environment_of(variables));
}

// One message a line.
inline std::string joined(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    text += (text.empty() ? "" : "\n") + to_string(problem);
  }
  return text;
}

inline std::string errors_of(std::string_view yaml, const Variables& variables = {}) {
  return joined(load(yaml, variables).errors);
}

// A bridge named b on 127.0.0.1:1, from line 1, with `more` below it from line 6 on. Keys of the
// upstream are indented by 6 and come first, others of the bridge by 4.
inline std::string bridge_with(std::string_view more) {
  return std::string(
             "bridges:\n"
             "  - name: b\n"
             "    listen: 127.0.0.1:1\n"
             "    upstream:\n"
             "      url: ws://h/\n") +
         std::string(more);
}

// Removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "config-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }

  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  TemporaryFolder(TemporaryFolder&&) = delete;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;

  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string path(std::string_view name) const { return (path_ / name).string(); }

  [[nodiscard]] std::string write(std::string_view name, std::string_view content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace wsbridged::config
