// SPDX-License-Identifier: MIT
// What a WebSocket met on its way to the server, step by step: for diagnosis, for programs that
// explain why a connection cannot be made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ws/certificate.h>
#include <ws/export.h>

namespace ws {

class EventLoop;

/// An address that was connected to, or tried in vain.
struct ConnectAttempt {
  std::string address;        ///< "192.0.2.1:443", "[2001:db8::1]:443", "unix:/path"
  bool is_connected = false;  ///< the one that was used
  std::string failure;        ///< the system's words; empty: connected, or no answer so far
};

/// What the latest dial met; empty for steps that it did not come to. A plain value. It is there
/// after a failure, too, and holds no secret.
struct OpeningDetails {
  std::size_t dials = 0;    ///< 1, and one more for each redirect that was followed
  std::string looked_up{};  ///< the name that was resolved, the proxy's when there is one
  std::vector<std::string> addresses{};     ///< to connect to, in the resolver's order
  std::vector<ConnectAttempt> attempts{};   ///< as they began; RFC 8305 races them
  std::string proxy{};                      ///< its host and port; empty: none
  std::string tls_version{};                ///< "TLSv1.3"; empty without TLS, or when it failed
  std::string tls_cipher{};                 ///< likewise
  bool is_verified = false;                 ///< the chain, the name and the dates were accepted
  std::vector<CertificateDetails> chain{};  ///< as the server sent it, its own first; at most 10
  std::string pin{};  ///< of the server's key, as TlsOptions::pin_sha256 takes it
};

/// From now on every WebSocket of `loop` that opens notes in `details` what it meets; nullptr ends
/// that. One at a time makes sense. On the loop's thread. Without it nothing is noted, and nothing
/// is spent on it.
WS_EXPORT void watch_openings(EventLoop& loop, std::shared_ptr<OpeningDetails> details);

}  // namespace ws
