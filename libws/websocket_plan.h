// SPDX-License-Identifier: MIT
// What a WebSocket's URL and options ask for, checked: whom to dial and what to request. No I/O.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <ws/options.h>
#include <ws/url.h>

#include "net/dialer.h"
#include "protocol/connection.h"
#include "protocol/handshake.h"

namespace ws {

struct OpeningPlan {
  protocol::HandshakeRequest request;  // its cookie is filled in when it is sent
  net::DialTarget target;              // its tls_context is filled in before it is dialled
  TlsOptions tls;
  std::shared_ptr<CookieJar> cookie_jar;
  std::chrono::milliseconds timeout{0};
};

// An error has phase kOptions and names the option. Durations are at most a year, and
// connect_timeout is not zero: every wait ends.
[[nodiscard]] Result<OpeningPlan> plan_opening(const Url& url, const Options& options);

// What the options say of an open connection; deflate is what the server agrees to.
[[nodiscard]] protocol::ConnectionSettings connection_settings(const Options& options);

// "10s", "90s", "1500ms".
[[nodiscard]] std::string to_text(std::chrono::milliseconds duration);

}  // namespace ws
