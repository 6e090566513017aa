// SPDX-License-Identifier: MIT
// The grammar of single HTTP header fields (RFC 9110 section 5), as strict as both sides of a
// handshake need it. Whole heads are http_response_head.h.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <ws/error.h>

namespace ws::protocol {

[[nodiscard]] bool is_token(std::string_view text);

// May this be sent as a field value: no control characters (a tab is one, too).
[[nodiscard]] bool is_field_value(std::string_view text);

// Without spaces and tabs at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);

// A line of a head without its CRLF: a field, or the rule that it breaks, a literal.
struct FieldLine {
  std::string_view name;
  std::string_view value;
  std::string_view violation;  // empty: none
};

[[nodiscard]] FieldLine parse_field_line(std::string_view line);

// The values of all fields of this name, whatever its case, in order.
[[nodiscard]] std::vector<std::string_view> field_values(std::span<const Header> fields,
                                                         std::string_view name);

// The members of all comma-separated lists in fields of this name (RFC 9110 section 5.6.1), empty
// ones left out.
[[nodiscard]] std::vector<std::string_view> list_members(std::span<const Header> fields,
                                                         std::string_view name);

// Is `member` among them, whatever its case?
[[nodiscard]] bool has_list_member(std::span<const Header> fields, std::string_view name,
                                   std::string_view member);

}  // namespace ws::protocol
