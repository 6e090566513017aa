// SPDX-License-Identifier: MIT
// From YAML text to nodes through yaml-cpp's events. Its own node tree is not used: that one drops
// quotes and one of two equal keys' places. No yaml-cpp type leaves yaml_reader.cc.
#pragma once

#include <string>
#include <string_view>

#include "config/document.h"

namespace wsbridged::config {

// `yaml` is valid UTF-8 without a byte order mark. Root of the only document, or nullptr with an
// error. Nothing is thrown, whatever the text; depth and number of nodes are bounded.
const Node* read_yaml(std::string_view yaml, const std::string* source, Document& document,
                      Problems& problems);

}  // namespace wsbridged::config
