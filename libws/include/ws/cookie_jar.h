// SPDX-License-Identifier: MIT
// A cookie jar in the Netscape file format (curl, wget, MozillaCookieJar) with the matching rules
// of RFC 6265.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ws/export.h>
#include <ws/url.h>

namespace ws {

/// One cookie, with the fields of RFC 6265 section 5.3.
struct Cookie {
  std::string name;          ///< may be empty only when `value` is not
  std::string value;         ///< as it is sent; a secret, mostly
  std::string domain;        ///< lower case, without a leading dot
  bool host_only = true;     ///< false: subdomains match too
  std::string path = "/";    ///< the request's path must lie below it
  bool secure = false;       ///< sent over wss only
  bool http_only = false;    ///< kept for the file; a WebSocket request is HTTP, so it is sent
  std::int64_t expires = 0;  ///< Unix time; 0: with the session
  std::uint64_t order = 0;   ///< of creation, given by the jar: older first among equals
};

/// Why a cookie was or was not sent: the first rule that kept it back (RFC 6265 section 5.4).
enum class CookieVerdict : std::uint8_t { kSent, kExpired, kDomain, kPath, kSecure, kTooLarge };
/// "sent", "expired", "domain", "path", "secure", "too_large".
WS_EXPORT [[nodiscard]] std::string_view to_string(CookieVerdict verdict);

/// A cookie, and whether it goes into a request: see CookieJar::explain().
struct CookieDecision {
  Cookie cookie;                                 ///< a copy
  CookieVerdict verdict = CookieVerdict::kSent;  ///< sent, or the first rule against it
};

/// A line of a jar file that is not a cookie, and why.
struct CookieFileProblem {
  std::size_t line = 0;  ///< 0: a cookie that add() refused
  std::string message;   ///< holds no value
};

/// Cookies on their way into a file: see CookieJar::write_through().
struct CookieWrite {
  std::string path;             ///< the file's
  std::vector<Cookie> cookies;  ///< deletions are cookies that have expired
  std::int64_t now = 0;         ///< Unix time at which they were set
  /// To be made true, from any thread, once the file holds them or nobody tries any longer: until
  /// then the jar keeps them through refresh().
  std::shared_ptr<std::atomic<bool>> is_done;
};

/// Merges cookies into a file as CookieJar::store_in_file() does, waiting `max_wait` for the lock
/// at most. It blocks; from any thread, for any file. An error has phase kOptions.
WS_EXPORT [[nodiscard]] std::optional<Error> write_cookies(const CookieWrite& write,
                                                           std::chrono::milliseconds max_wait);

/// Not thread-safe; share one jar per thread, or lock. Limits: file 4 MiB, 3,000 cookies, 50 a
/// domain for those that servers set, name and value together 4 KiB, path 1 KiB, the Cookie header
/// 8 KiB; what is over a limit is left out and told (the first 100 problems are listed, then that
/// there are more).
//
/// Also left out and told: names and values with control characters or semicolons, __Secure- and
/// __Host- cookies that break their own rules, cookies for all of a public suffix (such as co.uk).
/// A cookie for an IP address or a single-label name never matches anything but that host.
class WS_EXPORT CookieJar {
 public:
  /// An empty jar without a file.
  CookieJar();
  ~CookieJar();
  CookieJar(const CookieJar&) = delete;
  CookieJar& operator=(const CookieJar&) = delete;
  CookieJar(CookieJar&&) = delete;
  CookieJar& operator=(CookieJar&&) = delete;

  /// Replaces the content by the file's and watches it: refresh() reads it again when it changed.
  /// Malformed lines are left out and listed in problems(). A file that cannot be read is an error
  /// (phase kOptions) and leaves the jar as it was. Returns the number of cookies.
  [[nodiscard]] Result<std::size_t> load(const std::string& path);
  /// The same for text in memory; no file is watched after it.
  [[nodiscard]] Result<std::size_t> load_text(std::string_view text);
  /// Reads the file again when its device, inode, size or times differ (also behind a symbolic
  /// link), and tells whether it did. A file that has vanished or cannot be read is an error and
  /// leaves the jar as it was. False when no file was loaded.
  [[nodiscard]] Result<bool> refresh();
  /// What the last load(), load_text() or refresh() left out, and what add() refused since.
  [[nodiscard]] const std::vector<CookieFileProblem>& problems() const;

  /// Replaces one of the same name, domain and path. Refused ones are listed in problems().
  void add(Cookie cookie);
  /// How many cookies, expired ones included.
  [[nodiscard]] std::size_t size() const;

  /// Takes the Set-Cookie fields of a response to a request of `url` (RFC 6265 section 5.3), into
  /// memory only; a file that is watched replaces them when it changes. What is over a limit drives
  /// out an expired cookie or the oldest. Refused ones are listed in problems() with line 0: those
  /// of add(), and those for another server's domain, Secure ones without TLS, and ones that would
  /// hide a Secure cookie without TLS. `now` is Unix time. Returns how many were taken, deletions
  /// included.
  std::size_t store(const Url& url, const HttpResponse& response, std::int64_t now);
  /// The same, and merges what was taken into the file of load(), if there is one: read again under
  /// a lock (".NAME.lock" beside it, waited for 100 ms at most), written to a new file of mode 0600
  /// and renamed. Other programs' cookies, comments and lines that are none stay; expired cookies
  /// go. It blocks on the disk. On an error, which problems() tells too, memory has the cookies.
  Result<std::size_t> store_in_file(const Url& url, const HttpResponse& response, std::int64_t now);
  /// store_in_file() then hands `writer` what there is to write, instead of blocking on the disk:
  /// for write_cookies() on a thread of its own. An empty one: it writes itself.
  void write_through(std::function<void(CookieWrite)> writer);
  /// The error that store_in_file() would meet today, as far as that can be told beforehand: a
  /// directory in which no file can be made, or a lock file that cannot be opened. nullopt when
  /// there is none, and when no file was loaded. It leaves nothing behind.
  [[nodiscard]] std::optional<Error> check_storable() const;
  /// header_for() and explain() then speak of the cookies of `under`, too, where they are not
  /// replaced or deleted by ones of this jar; nullptr: of none. Nothing is copied: `under` may
  /// change, on the same thread. What lies under `under` does not count.
  void lie_over(std::shared_ptr<const CookieJar> under);

  /// The value of the Cookie header for a request, empty when no cookie matches. `now` is Unix
  /// time.
  [[nodiscard]] std::string header_for(const Url& url, std::int64_t now) const;
  /// Every cookie of the jar with its verdict, in the order of the header, the kept-back ones last.
  [[nodiscard]] std::vector<CookieDecision> explain(const Url& url, std::int64_t now) const;

 private:
  struct WS_HIDDEN Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ws
