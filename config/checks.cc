// SPDX-License-Identifier: MIT
// Text checks. None of the reasons holds the text: it may be a secret.
#include "config/checks.h"

#include <algorithm>
#include <array>

#include "config/ascii.h"
#include "config/input_file.h"
#include "config/template_text.h"
#include "config/token_file.h"

namespace wsbridged::config {
namespace {

bool consists_of(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [others](char c) {
    return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
  });
}

bool has_control_or_space(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return is_control(c) || c == ' '; });
}

// RFC 9110 section 5.6.2
bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= kMaxToken && consists_of(text, "!#$%&'*+-.^_`|~");
}

// The part of a URL between "://" and the path, query or fragment.
std::string_view authority_of(std::string_view url) {
  const std::string_view rest = url.substr(url.find("://") + 3);
  return rest.substr(0, rest.find_first_of("/?#"));
}

std::string websocket_scheme_of(std::string_view scheme) {
  if (scheme == "https" || scheme == "http") {
    return scheme == "https" ? "wss://" : "ws://";
  }
  return "";
}

// The opening handshake and the length of its body are ours to say (RFC 6455 section 4.1).
constexpr std::array<std::string_view, 4> kHandshakeHeaders = {
    "upgrade", "connection", "content-length", "transfer-encoding"};

bool belongs_to_handshake(std::string_view name) {
  return name.starts_with("sec-websocket-") ||
         std::find(kHandshakeHeaders.begin(), kHandshakeHeaders.end(), name) !=
             kHandshakeHeaders.end();
}

}  // namespace

Parsed<std::string> check_name(std::string_view text) {
  const bool is_lower =
      std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (text.empty() || text.size() > kMaxName || !is_lower || !consists_of(text, "_-")) {
    return Refusal{"must be 1 to 64 of a-z, 0-9, '_' and '-'", ""};
  }
  if (text == "admin") {
    return Refusal{"must not be admin, which is taken", ""};
  }
  return std::string(text);
}

Parsed<std::string> check_mode(std::string_view text) {
  const bool is_octal =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '7'; });
  if (!is_octal || !(text.size() == 3 || (text.size() == 4 && text.front() == '0'))) {
    return Refusal{"must be an octal mode such as \"0660\"", ""};
  }
  return std::string(text);
}

Parsed<std::string> check_account(std::string_view text) {
  if (text.size() > kMaxName || !consists_of(text, "._-$")) {
    return Refusal{"must be a name or a number of the system's", ""};
  }
  return std::string(text);
}

Parsed<std::string> check_url(std::string_view text) {
  const std::string scheme = lower_case(text.substr(0, std::min(text.find("://"), text.size())));
  if (text.find("://") == std::string_view::npos || (scheme != "ws" && scheme != "wss")) {
    return Refusal{"must begin with ws:// or wss://", websocket_scheme_of(scheme)};
  }
  if (text.size() > kMaxUrl || has_control_or_space(text)) {
    return Refusal{"must be at most 8 KiB without spaces and control characters", ""};
  }
  if (text.find('#') != std::string_view::npos) {
    return Refusal{"must have no fragment ('#', RFC 6455 section 3)", ""};
  }
  const std::string_view host = host_of_url(text);
  if (host.empty()) {
    return Refusal{"must name a host", ""};
  }
  return std::string(text);
}

Parsed<std::string> check_subprotocol(std::string_view text) {
  if (!is_token(text)) {
    return Refusal{"must hold tokens: letters, digits and !#$%&'*+-.^_`|~", ""};
  }
  return std::string(text);
}

Parsed<std::string> check_header_name(std::string_view text) {
  if (!is_token(text)) {
    return Refusal{"must have names of letters, digits and !#$%&'*+-.^_`|~", ""};
  }
  if (belongs_to_handshake(lower_case(text))) {
    return Refusal{"must not hold a header of the handshake itself", ""};
  }
  return std::string(text);
}

Parsed<std::string> check_header_value(std::string_view text) {
  if (text.size() > kMaxHeaderValue || std::any_of(text.begin(), text.end(), is_control)) {
    return Refusal{"must have values of at most 8 KiB without control characters", ""};
  }
  return std::string(text);
}

// User information and a query are part of no origin, and would be secrets that the server logs.
Parsed<std::string> check_origin(std::string_view text) {
  if (text.size() > kMaxUrl || has_control_or_space(text) ||
      text.find_first_of("@?#") != std::string_view::npos) {
    return Refusal{"must be an origin such as https://example.com", ""};
  }
  return std::string(text);
}

Parsed<std::string> check_readable_file(std::string_view text) {
  std::string path(text);
  if (path.find('\0') != std::string::npos) {
    return Refusal{"must be a path without a zero byte", ""};
  }
  const std::string failure = path.empty() ? "" : refuse_unreadable(path);
  if (!failure.empty()) {
    return Refusal{"must be a readable file (" + failure + ")", ""};
  }
  return path;
}

Parsed<std::string> check_token_file(std::string_view text) {
  auto path = check_readable_file(text);
  if (const auto* file = std::get_if<std::string>(&path); file != nullptr && !file->empty()) {
    const auto token = read_token_file(*file);
    if (const auto* fault = std::get_if<TokenFault>(&token)) {
      return Refusal{"must be a file with a token (" + fault->what + ")", ""};
    }
  }
  return path;
}

// The file of a template is looked for by those who know what it stands for.
Parsed<std::string> check_cookie_jar(std::string_view text) {
  const std::string literal = literal_text(text);
  auto checked = check_readable_file(templates_in(text).empty() ? literal : "");
  if (std::holds_alternative<Refusal>(checked)) {
    return checked;
  }
  if (literal.find('\0') != std::string::npos) {
    return Refusal{"must be a path without a zero byte", ""};
  }
  return std::string(text);
}

Parsed<std::string> check_server_name(std::string_view text) {
  if (text.size() > 253 || !consists_of(text, ".-_:")) {
    return Refusal{"must be a host name or an address", ""};
  }
  return std::string(text);
}

Parsed<std::string> check_min_version(std::string_view text) {
  if (text != "1.2" && text != "1.3") {
    return Refusal{"must be \"1.2\" or \"1.3\"", ""};
  }
  return std::string(text);
}

// RFC 7617 section 2
Parsed<std::string> check_user(std::string_view text) {
  if (text.size() > kMaxHeaderValue || text.find(':') != std::string_view::npos ||
      std::any_of(text.begin(), text.end(), is_control)) {
    return Refusal{"must be at most 8 KiB without ':' and control characters", ""};
  }
  return std::string(text);
}

Parsed<std::string> check_password(std::string_view text) {
  if (text.size() > kMaxHeaderValue || std::any_of(text.begin(), text.end(), is_control)) {
    return Refusal{"must be at most 8 KiB without control characters", ""};
  }
  return std::string(text);
}

Parsed<std::string> check_pin(std::string_view text) {
  constexpr std::string_view prefix = "sha256//";
  constexpr std::size_t digits = 43;  // of 32 bytes in Base64, and one '='
  const std::string_view base64 = text.substr(text.starts_with(prefix) ? prefix.size() : 0);
  if (base64.size() != digits + 1 || base64.back() != '=' ||
      !consists_of(base64.substr(0, digits), "+/")) {
    return Refusal{"must hold pins as curl writes them: sha256// and the Base64 of 32 bytes", ""};
  }
  return std::string(text);
}

Parsed<std::string> check_proxy(std::string_view text) {
  if (text.empty() || text.size() > kMaxUrl || has_control_or_space(text)) {
    return Refusal{"must be env, none, or a URL such as http://user:password@host:3128", ""};
  }
  return std::string(text);
}

Parsed<std::string> check_delimiter(std::string_view text) {
  if (text.empty() || text.size() > kMaxDelimiter) {
    return Refusal{"must be 1 to 16 bytes, escapes inside double quotes: \"\\n\", \"\\0\"", ""};
  }
  return std::string(text);
}

Parsed<std::string> check_error_line(std::string_view text) {
  if (text.size() > kMaxErrorLine) {
    return Refusal{"must be at most 1 KiB", ""};
  }
  return std::string(text);
}

std::string_view host_of_url(std::string_view url) {
  std::string_view authority = authority_of(url);
  authority.remove_prefix(authority.rfind('@') + 1);  // npos + 1 is 0
  if (authority.starts_with('[')) {
    return authority.substr(1, authority.find(']') - 1);
  }
  return authority.substr(0, authority.find(':'));
}

bool has_user_information(std::string_view url) {
  return url.find("://") != std::string_view::npos &&
         authority_of(url).find('@') != std::string_view::npos;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

}  // namespace wsbridged::config
