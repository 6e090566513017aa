// SPDX-License-Identifier: MIT
// Tokens, values and lists of header fields.
#include "protocol/http_field.h"

#include <algorithm>

#include "protocol/ascii.h"

namespace ws::protocol {
namespace {

constexpr std::string_view kOptionalWhitespace = " \t";

bool is_token_character(char c) {
  return is_alphanumeric(c) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

FieldLine broken(std::string_view rule) {
  return {.name = {}, .value = {}, .violation = rule};
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_field_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return is_control(c); });
}

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(kOptionalWhitespace);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kOptionalWhitespace) - begin + 1);
}

FieldLine parse_field_line(std::string_view line) {
  if (!line.empty() && kOptionalWhitespace.find(line.front()) != std::string_view::npos) {
    return broken("header field folded over lines");  // RFC 9112 section 5.2
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) {
    return broken("header line without a colon");
  }
  const std::string_view name = line.substr(0, colon);
  if (!name.empty() && kOptionalWhitespace.find(name.back()) != std::string_view::npos) {
    return broken("space before the colon of a header field");  // RFC 9112 section 5.1
  }
  if (!is_token(name)) {
    return broken("header field name that is not a token");
  }
  const std::string_view value = trim(line.substr(colon + 1));
  const bool is_clean =
      std::none_of(value.begin(), value.end(), [](char c) { return is_control(c) && c != '\t'; });
  return is_clean ? FieldLine{name, value, {}} : broken("control character in a header field");
}

std::vector<std::string_view> field_values(std::span<const Header> fields, std::string_view name) {
  std::vector<std::string_view> values;
  for (const Header& field : fields) {
    if (equal_ignoring_case(field.name, name)) {
      values.push_back(field.value);
    }
  }
  return values;
}

std::vector<std::string_view> list_members(std::span<const Header> fields, std::string_view name) {
  std::vector<std::string_view> members;
  for (std::string_view list : field_values(fields, name)) {
    while (!list.empty()) {
      const auto comma = std::min(list.find(','), list.size());
      if (const auto member = trim(list.substr(0, comma)); !member.empty()) {
        members.push_back(member);
      }
      list.remove_prefix(std::min(comma + 1, list.size()));
    }
  }
  return members;
}

bool has_list_member(std::span<const Header> fields, std::string_view name,
                     std::string_view member) {
  const auto members = list_members(fields, name);
  return std::any_of(members.begin(), members.end(),
                     [&](std::string_view m) { return equal_ignoring_case(m, member); });
}

}  // namespace ws::protocol
