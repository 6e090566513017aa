// SPDX-License-Identifier: MIT
// One line of a cookie file after the other. Problems never repeat what stands in the line: any
// field may be a misplaced secret.
#include "protocol/cookie_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <variant>

#include "protocol/ascii.h"
#include "protocol/host.h"

namespace ws::protocol {
namespace {

constexpr std::string_view kHttpOnlyPrefix = "#HttpOnly_";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// Some programs take no file without it.
constexpr std::string_view kTitle = "# Netscape HTTP Cookie File\n";
constexpr std::size_t kFieldCount = 7;
constexpr std::size_t kMaxProblems = 100;

struct Fields {
  std::array<std::string_view, kFieldCount> text{};
  std::size_t count = 0;  // of the line, also above kFieldCount
};

Fields split(std::string_view line) {
  Fields fields;
  fields.count = 1 + static_cast<std::size_t>(std::count(line.begin(), line.end(), '\t'));
  for (std::string_view& field : fields.text) {
    const std::size_t end = std::min(line.find('\t'), line.size());
    field = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return fields;
}

std::optional<bool> parse_flag(std::string_view text) {
  if (equal_ignoring_case(text, "TRUE")) {
    return true;
  }
  if (equal_ignoring_case(text, "FALSE")) {
    return false;
  }
  return std::nullopt;
}

// Python leaves the field of a session cookie empty; exporters of browsers write fractions of
// seconds. What is too far away is as good as never.
std::optional<std::int64_t> parse_expiry(std::string_view text) {
  if (text.empty()) {
    return 0;
  }
  const std::string_view whole = text.substr(0, text.find('.'));
  const std::string_view fraction = text.substr(std::min(whole.size() + 1, text.size()));
  std::int64_t seconds = 0;
  const auto [end, status] = std::from_chars(whole.data(), whole.data() + whole.size(), seconds);
  if (end != whole.data() + whole.size() || status == std::errc::invalid_argument ||
      !std::all_of(fraction.begin(), fraction.end(), is_digit)) {
    return std::nullopt;
  }
  if (status == std::errc::result_out_of_range) {
    return whole.starts_with('-') ? std::numeric_limits<std::int64_t>::min()
                                  : std::numeric_limits<std::int64_t>::max();
  }
  return seconds;
}

// What curl would have written as the domain. wget adds the port when it is not the scheme's own;
// cookies are the same for all ports (RFC 6265 8.5). Python gives names without a dot the suffix
// .local (RFC 2965 section 1); it is taken back for localhost only, as others may be real names.
std::string_view parse_domain(std::string_view text) {
  const std::size_t colon = text.find(':');
  const bool has_port =
      colon != std::string_view::npos && colon + 1 < text.size() &&
      std::all_of(text.begin() + static_cast<std::ptrdiff_t>(colon) + 1, text.end(), is_digit);
  const std::string_view domain = has_port ? text.substr(0, colon) : text;
  // As it will stand in the cookie: what is written must be read as the same.
  const auto host = parse_host_name(domain.substr(domain.starts_with('.') ? 1 : 0));
  return host && host->name == "localhost.local" ? "localhost" : domain;
}

// The cookie of a line, or what is wrong with it.
std::variant<Cookie, std::string> parse_line(std::string_view line) {
  Cookie cookie;
  if (line.starts_with(kHttpOnlyPrefix)) {
    cookie.http_only = true;
    line.remove_prefix(kHttpOnlyPrefix.size());
  }
  const auto [text, count] = split(line);
  // curl takes a line without its last field, as editors that strip white space leave it.
  if (count != kFieldCount && count != kFieldCount - 1) {
    return std::to_string(count) + (count == 1 ? " field" : " fields") +
           " separated by tabs instead of 7";
  }
  const auto subdomains = parse_flag(text[1]);
  const auto secure = parse_flag(text[3]);
  const auto expires = parse_expiry(text[4]);
  if (!subdomains || !secure) {
    return subdomains ? "field 4 (secure) is neither TRUE nor FALSE"
                      : "field 2 (subdomains) is neither TRUE nor FALSE";
  }
  if (!expires) {
    return "field 5 (expiry) is not a Unix time";
  }
  cookie.domain = parse_domain(text[0]);
  cookie.host_only = !*subdomains;
  cookie.path = text[2];
  cookie.secure = *secure;
  cookie.expires = *expires;
  cookie.name = text[5];
  cookie.value = text[6];
  return cookie;
}

bool is_skipped(std::string_view line) {
  return line.find_first_not_of(" \t") == std::string_view::npos ||
         (line.starts_with('#') && !line.starts_with(kHttpOnlyPrefix));
}

// Why the line is no cookie of the file; nullopt when it has become one.
std::optional<std::string> take_cookie(CookieFile& file, std::string_view line) {
  auto parsed = parse_line(line);
  if (auto* problem = std::get_if<std::string>(&parsed)) {
    return std::move(*problem);
  }
  return file.cookies.add(std::get<Cookie>(std::move(parsed)));
}

// A line that is no cookie is kept with its '\r': another one before it may be all that is wrong.
void take_line(CookieFile& file, std::size_t number, std::string_view whole) {
  const std::string_view line = whole.substr(0, whole.size() - (whole.ends_with('\r') ? 1 : 0));
  if (!is_skipped(line)) {
    auto problem = take_cookie(file, line);
    if (!problem) {
      return;
    }
    file.add_problem(number, *std::move(problem));
  }
  file.other_lines.append(whole).append("\n");
}

void append_cookie(std::string& text, const Cookie& cookie) {
  const auto flag = [](bool is_set) { return is_set ? "\tTRUE\t" : "\tFALSE\t"; };
  text.append(cookie.http_only ? kHttpOnlyPrefix : "").append(cookie.host_only ? "" : ".");
  text.append(cookie.domain).append(flag(!cookie.host_only)).append(cookie.path);
  text.append(flag(cookie.secure)).append(std::to_string(cookie.expires)).append("\t");
  text.append(cookie.name).append("\t").append(cookie.value).append("\n");
}

}  // namespace

void CookieFile::add_problem(std::size_t line, std::string message) {
  if (problems.size() < kMaxProblems) {
    problems.push_back({.line = line, .message = std::move(message)});
  } else if (problems.size() == kMaxProblems) {
    problems.push_back({.line = line, .message = "and more, which are not listed"});
  }
}

CookieFile parse_cookie_file(std::string_view text) {
  CookieFile file;
  if (text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    take_line(file, number, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return file;
}

std::string format_cookie_file(const CookieFile& file) {
  const bool has_title = file.other_lines.starts_with(kTitle.substr(0, kTitle.size() - 1)) ||
                         file.other_lines.starts_with("# HTTP Cookie File");
  std::string text = has_title ? file.other_lines : std::string(kTitle) + file.other_lines;
  for (const Cookie& cookie : file.cookies.cookies()) {
    append_cookie(text, cookie);
  }
  return text;
}

}  // namespace ws::protocol
