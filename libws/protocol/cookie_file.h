// SPDX-License-Identifier: MIT
// The Netscape cookie file format as curl, wget and Python's MozillaCookieJar write it: text in,
// cookies out. Reading the file is not done here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <ws/cookie_jar.h>

#include "protocol/cookie_set.h"

namespace ws::protocol {

// What a jar file holds.
struct CookieFile {
  CookieSet cookies;
  std::vector<CookieFileProblem> problems;  // the first 100, then one that says there are more
  std::string other_lines;  // comments and what was left out, for whoever writes the file again

  void add_problem(std::size_t line, std::string message);
};

// One cookie a line, in seven fields separated by one tab each: domain, TRUE when subdomains match
// too, path, TRUE when secure, Unix time of expiry (0 or nothing: with the session), name, value.
// The last may be missing with its tab. "#HttpOnly_" before the domain marks such cookies; other
// lines that begin with # are comments. Lines end with LF or CRLF; a byte order mark is skipped.
// Taken as meant: wget's "host:port" as the host, Python's "localhost.local" as localhost.
[[nodiscard]] CookieFile parse_cookie_file(std::string_view text);

// The file with these cookies, behind what was not a cookie in it.
[[nodiscard]] std::string format_cookie_file(const CookieFile& file);

}  // namespace ws::protocol
