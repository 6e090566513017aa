// SPDX-License-Identifier: MIT
// The grammar of Sec-WebSocket-Extensions (RFC 6455 section 9.1). What an extension's parameters
// mean is the extension's own affair.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ws/error.h>

namespace ws::protocol {

struct ExtensionParameter {
  std::string name;
  std::optional<std::string> value;  // a token, taken out of its quotes
};

struct Extension {
  std::string name;
  std::vector<ExtensionParameter> parameters;
};

// The extensions in all fields of this name, in order; empty members of a list are left out.
// nullopt when one of them breaks the grammar. Linear in the fields' length.
[[nodiscard]] std::optional<std::vector<Extension>> parse_extensions(
    std::span<const Header> fields);

}  // namespace ws::protocol
