// SPDX-License-Identifier: MIT
// The whole configuration as plain structs, one field per key of the file and by the same name. The
// defaults are here and nowhere else. Durations are std::chrono, sizes are bytes. Two that compare
// equal mean the same: a reload goes by that.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/address.h"
#include "config/cidr.h"

namespace wsbridged::config {

using std::chrono::milliseconds;

class BridgeSource;

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kAuto, kText, kJson, kJournal };

struct Log {
  bool operator==(const Log&) const = default;

  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kAuto;
};

struct Admin {
  bool operator==(const Admin&) const = default;

  std::optional<Address> listen;   // absent: off. Serves everything; Unix or loopback TCP
  std::optional<Address> metrics;  // absent: off. /metrics, /livez and /readyz only; may be remote
  std::string token_file;          // holds what verbs over TCP must show; empty: there are none
};

struct Limits {
  bool operator==(const Limits&) const = default;

  std::optional<std::size_t> memory;  // absent: auto
};

// The container image is built with another default, as `docker stop` kills after 10 s.
#ifndef WSBRIDGED_DRAIN_SECONDS
#define WSBRIDGED_DRAIN_SECONDS 60
#endif

struct Shutdown {
  bool operator==(const Shutdown&) const = default;

  milliseconds drain_timeout{std::chrono::seconds{WSBRIDGED_DRAIN_SECONDS}};
  milliseconds quiet{2'000};
};

// Who begins its connections with a PROXY protocol header. Empty: nobody.
struct ProxyProtocol {
  bool operator==(const ProxyProtocol&) const = default;

  std::vector<Cidr> from{};  // of a TCP listener
  bool from_unix = false;    // `unix`: everyone who reaches the Unix listener
};

struct Listen {
  bool operator==(const Listen&) const = default;

  Address address;
  std::string mode = "0600";  // Unix only, octal
  std::string owner;          // name or number; empty: unchanged
  std::string group;
  int backlog = 1024;
  bool allow_remote = false;
  ProxyProtocol proxy_protocol{};
};

struct Header {
  bool operator==(const Header&) const = default;

  std::string name;
  std::string value;  // secret: never logged or printed
};

// RFC 7617. Both are secret: never logged or printed.
struct BasicAuth {
  bool operator==(const BasicAuth&) const = default;

  std::string user;  // empty: none
  std::string password;
};

struct Tls {
  bool operator==(const Tls&) const = default;

  std::string ca_file;
  std::string cert_file;
  std::string key_file;  // empty: the key is in cert_file
  std::string server_name;
  std::string min_version = "1.2";  // "1.2" | "1.3"
  std::vector<std::string> pin_sha256;
  bool insecure_skip_verify = false;
};

struct Upstream {
  bool operator==(const Upstream&) const = default;

  std::string url;                // one of the two is empty
  std::vector<std::string> urls;  // tried in order
  std::vector<std::string> subprotocols;
  bool require_subprotocol = true;
  std::string cookie_jar;
  bool store_cookies = false;  // false: servers' cookies live in their session only
  std::vector<Header> headers;
  std::string origin;
  BasicAuth basic_auth;
  Tls tls;
  std::string proxy = "env";                   // "env" | "none" | a URL, secret
  std::map<std::string, std::string> resolve;  // "host:port" to addresses or unix:PATH
  milliseconds connect_timeout{10'000};
  std::uint32_t follow_redirects = 0;
  std::vector<std::string> redirect_to;  // origins
  bool compression = false;
  milliseconds ping_interval{25'000};
  milliseconds ping_timeout{20'000};
  std::vector<std::string> on_open;
};

enum class FramingMode : std::uint8_t { kLine, kLengthPrefixed, kRaw };
enum class MessageKind : std::uint8_t { kText, kBinary, kAuto };
enum class Encoding : std::uint8_t { kUtf8, kIso88591, kWindows1252 };
enum class InvalidUtf8 : std::uint8_t { kClose, kReplace, kBinary };
enum class EmbeddedDelimiter : std::uint8_t { kSpace, kEscape, kSplit, kReject, kKeep };
enum class BinaryMessages : std::uint8_t { kBase64, kHex, kRaw, kReject };
enum class FinalPartialLine : std::uint8_t { kSend, kDrop };

struct Framing {
  bool operator==(const Framing&) const = default;

  FramingMode mode = FramingMode::kLine;
  std::string delimiter = "\n";  // 1 to 16 bytes of UTF-8; the local side has it in its encoding
  bool keep_cr = false;
  MessageKind message_type = MessageKind::kText;  // the loader applies the mode's default
  Encoding encoding = Encoding::kUtf8;            // of the local side's text
  std::size_t max_line = std::size_t{1} << 20;
  std::size_t max_message = std::size_t{16} << 20;
  InvalidUtf8 invalid_utf8 = InvalidUtf8::kClose;
  EmbeddedDelimiter embedded_delimiter = EmbeddedDelimiter::kSpace;
  BinaryMessages binary_messages =
      BinaryMessages::kBase64;  // the loader applies message_type's default
  FinalPartialLine final_partial_line = FinalPartialLine::kSend;
};

enum class OnLocalEof : std::uint8_t { kDrain, kClose };
enum class OnUpstreamError : std::uint8_t { kReset, kClose };

enum class SessionOpen : std::uint8_t { kConnect, kFirstByte };

struct Session {
  bool operator==(const Session&) const = default;

  SessionOpen open = SessionOpen::kConnect;
  OnLocalEof on_local_eof = OnLocalEof::kDrain;
  milliseconds drain_timeout{60'000};
  OnUpstreamError on_upstream_error = OnUpstreamError::kReset;
  std::string error_line;        // {reason} is replaced; empty: none
  milliseconds idle_timeout{0};  // 0: none
  std::size_t max_connections = 10'000;
  std::size_t buffer = std::size_t{256} << 10;
};

// What a line counts in Reconnect::replay besides its bytes.
inline constexpr std::size_t kReplayOverhead = 16;

struct Reconnect {
  bool operator==(const Reconnect&) const = default;

  bool enabled = false;
  milliseconds initial{500};
  milliseconds max{30'000};
  milliseconds max_elapsed{0};  // 0: for ever
  std::size_t replay = std::size_t{2} << 20;
  milliseconds confirm_interval{1'000};
};

// Who may connect; an empty list says nothing.
struct Access {
  bool operator==(const Access&) const = default;

  std::vector<std::string> allow_uids{};  // names or numbers, of Unix peers
  std::vector<std::string> allow_gids{};  // supplementary groups count
  std::vector<Cidr> allow_cidrs{};        // of TCP peers, and of those that a PROXY header names
};

// How to read a bridge again when a file changes that a reference names. Copies share it; two are
// equal when the same references stand in the same places, whichever reading they came from.
struct SharedSource {
  bool operator==(const SharedSource& other) const;  // bridge_source.cc

  std::shared_ptr<const BridgeSource> shared{};  // null: no reference names a file
};

struct Bridge {
  bool operator==(const Bridge&) const = default;

  std::string name;
  std::vector<Listen> listen;
  Upstream upstream;
  Framing framing;
  Session session;
  Reconnect reconnect;
  Access access{};
  SharedSource source{};
};

struct Config {
  bool operator==(const Config&) const = default;

  Log log;
  std::optional<unsigned> threads;  // absent: auto
  Admin admin;
  Limits limits;
  Shutdown shutdown;
  std::vector<Bridge> bridges;
};

}  // namespace wsbridged::config
