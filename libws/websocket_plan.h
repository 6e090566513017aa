// SPDX-License-Identifier: MIT
// What a WebSocket's URL and options ask for, checked: whom to dial and what to request. No I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <ws/options.h>
#include <ws/url.h>

#include "protocol/connection.h"
#include "protocol/handshake.h"
#include "protocol/redirect.h"
#include "websocket_route.h"

namespace ws {

// Where cookies come from and go to.
struct CookiePlan {
  enum class Keep : std::uint8_t { kNot, kInSession, kInFile };

  Keep keep = Keep::kNot;
  std::shared_ptr<CookieJar> jar{};      // nullptr: none
  std::shared_ptr<CookieJar> session{};  // lies over it; with kInSession

  // What fills the Cookie header; nullptr: nothing does.
  [[nodiscard]] const CookieJar* source() const {
    return session != nullptr ? session.get() : jar.get();
  }
};

struct OpeningPlan {
  protocol::HandshakeRequest request;  // its cookie is filled in when it is sent
  Route route;                         // its tls_context is filled in before it is dialled
  TlsOptions tls;
  CookiePlan cookies;
  protocol::RedirectChain redirects;
  protocol::ConnectionSettings connection;  // but for deflate, which is what the server agrees to
  std::chrono::milliseconds timeout{0};

  // Makes `url`, to which a redirect leads, the one to ask: another origin gets nothing that was
  // the first one's.
  void go_to(Url url);
};

// An error has phase kOptions and names the option. Durations are at most a year, and
// connect_timeout is not zero: every wait ends.
[[nodiscard]] Result<OpeningPlan> plan_opening(const Url& url, const Options& options);

// "10s", "90s", "1500ms".
[[nodiscard]] std::string to_text(std::chrono::milliseconds duration);

}  // namespace ws
