// SPDX-License-Identifier: MIT
// What a text must look like, key by key. A check gives the text to keep or why it is refused.
#pragma once

#include <string>
#include <string_view>

#include "config/values.h"

namespace wsbridged::config {

inline constexpr std::size_t kMaxName = 64;           // bytes of a bridge's name
inline constexpr std::size_t kMaxDelimiter = 16;      // bytes
inline constexpr std::size_t kMaxUrl = 8192;          // bytes, as in libws
inline constexpr std::size_t kMaxHeaderValue = 8192;  // bytes
inline constexpr std::size_t kMaxErrorLine = 1024;    // bytes
inline constexpr std::size_t kMaxToken = 256;         // bytes of a header's name or a subprotocol

using Check = Parsed<std::string> (*)(std::string_view text);

[[nodiscard]] Parsed<std::string> check_name(std::string_view text);         // of a bridge
[[nodiscard]] Parsed<std::string> check_mode(std::string_view text);         // 0600
[[nodiscard]] Parsed<std::string> check_account(std::string_view text);      // owner, group
[[nodiscard]] Parsed<std::string> check_url(std::string_view text);          // scheme and host only
[[nodiscard]] Parsed<std::string> check_subprotocol(std::string_view text);  // a token
[[nodiscard]] Parsed<std::string> check_header_name(std::string_view text);  // a token, not ours
[[nodiscard]] Parsed<std::string> check_header_value(std::string_view text);  // no controls
[[nodiscard]] Parsed<std::string> check_origin(std::string_view text);
[[nodiscard]] Parsed<std::string> check_readable_file(std::string_view text);  // or empty
[[nodiscard]] Parsed<std::string> check_token_file(std::string_view text);     // or empty
[[nodiscard]] Parsed<std::string> check_cookie_jar(std::string_view text);     // may hold templates
[[nodiscard]] Parsed<std::string> check_server_name(std::string_view text);
[[nodiscard]] Parsed<std::string> check_min_version(std::string_view text);
[[nodiscard]] Parsed<std::string> check_user(std::string_view text);      // of basic_auth, or empty
[[nodiscard]] Parsed<std::string> check_password(std::string_view text);  // the same
[[nodiscard]] Parsed<std::string> check_pin(std::string_view text);       // sha256//…=
[[nodiscard]] Parsed<std::string> check_proxy(std::string_view text);     // env, none or a URL
[[nodiscard]] Parsed<std::string> check_delimiter(std::string_view text);
[[nodiscard]] Parsed<std::string> check_error_line(std::string_view text);

// The host of a URL that check_url() took, without brackets.
[[nodiscard]] std::string_view host_of_url(std::string_view url);

// Does the URL hold "user:password@"?
[[nodiscard]] bool has_user_information(std::string_view url);

// ASCII letters in lower case, as header names and schemes are compared.
[[nodiscard]] std::string lower_case(std::string_view text);

}  // namespace wsbridged::config
