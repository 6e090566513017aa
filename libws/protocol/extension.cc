// SPDX-License-Identifier: MIT
// A list of extensions, each a token and its parameters.
#include "protocol/extension.h"

#include <utility>

#include "protocol/http_field.h"

namespace ws::protocol {
namespace {

// The value between the quotes, its escapes undone (RFC 9110 section 5.6.4).
std::optional<std::string> unquoted(std::string_view text) {
  if (text.size() < 2 || text.back() != '"') {
    return std::nullopt;
  }
  text = text.substr(1, text.size() - 2);
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"' || (text[i] == '\\' && ++i == text.size())) {
      return std::nullopt;
    }
    value += text[i];
  }
  return value;
}

std::optional<ExtensionParameter> parse_parameter(std::string_view text) {
  const auto equals = text.find('=');
  ExtensionParameter parameter{.name = std::string(trim(text.substr(0, equals))), .value = {}};
  if (!is_token(parameter.name)) {
    return std::nullopt;
  }
  if (equals == std::string_view::npos) {
    return parameter;
  }
  const std::string_view value = trim(text.substr(equals + 1));
  parameter.value = value.substr(0, 1) == "\"" ? unquoted(value) : std::string(value);
  // Section 9.1: what was quoted must be a token all the same, so it holds no ';' and no ','.
  return parameter.value && is_token(*parameter.value) ? std::optional(std::move(parameter))
                                                       : std::nullopt;
}

// Takes what stands before the next ';' off `text`.
std::string_view take_part(std::string_view& text) {
  const auto end = text.find(';');
  const std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return trim(part);
}

std::optional<Extension> parse_extension(std::string_view text) {
  if (text.back() == ';') {
    return std::nullopt;
  }
  Extension extension{.name = std::string(take_part(text)), .parameters = {}};
  if (!is_token(extension.name)) {
    return std::nullopt;
  }
  while (!text.empty()) {
    auto parameter = parse_parameter(take_part(text));
    if (!parameter) {
      return std::nullopt;
    }
    extension.parameters.push_back(std::move(*parameter));
  }
  return extension;
}

}  // namespace

std::optional<std::vector<Extension>> parse_extensions(std::span<const Header> fields) {
  std::vector<Extension> extensions;
  for (const std::string_view member : list_members(fields, "Sec-WebSocket-Extensions")) {
    auto extension = parse_extension(member);
    if (!extension) {
      return std::nullopt;
    }
    extensions.push_back(std::move(*extension));
  }
  return extensions;
}

}  // namespace ws::protocol
