// SPDX-License-Identifier: MIT
// Who may use a bridge: its access lists with names turned into numbers, and the judgement of one
// peer. It asks the system only when it is made.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"
#include "daemon/listener.h"

namespace wsbridged {

// Immutable; may be used from any number of threads.
class AccessList {
 public:
  // A name that this system does not know.
  struct Unknown {
    std::string key;  // "allow_uids"
    std::string message;
  };

  struct Refusal {
    std::string_view rule;  // the key that refuses
    std::string cause;
  };

  AccessList() = default;
  [[nodiscard]] static std::variant<AccessList, Unknown> resolve(const config::Access& access);

  // Does a rule need Peer::groups?
  [[nodiscard]] bool needs_groups() const { return !gids_.empty(); }

  // Empty: the peer is admitted. Each peer is judged by what it can be known by: a Unix peer by the
  // lists of uids and gids, of which either admits, a TCP peer by its address. One that a PROXY
  // header names is judged in addition, by its address. Without rules for uids and gids an abstract
  // socket admits our own uid and root, as it has no mode that would keep others out.
  [[nodiscard]] std::optional<Refusal> refuse(const Peer& peer) const;

 private:
  [[nodiscard]] std::optional<Refusal> refuse_account(const Peer& peer) const;
  [[nodiscard]] std::optional<Refusal> refuse_address(const std::string& address) const;

  std::vector<uid_t> uids_;
  std::vector<gid_t> gids_;
  std::vector<config::Cidr> cidrs_;
};

// Whether this peer begins with a PROXY header.
[[nodiscard]] bool sends_proxy_header(const config::ProxyProtocol& proxy_protocol,
                                      const Peer& peer);

}  // namespace wsbridged
