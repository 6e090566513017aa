// SPDX-License-Identifier: MIT
#include "daemon/access.h"

#include <unistd.h>

#include <algorithm>

#include "daemon/accounts.h"

namespace wsbridged {
namespace {

template <class T>
bool contains(const std::vector<T>& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool is_in(const std::vector<config::Cidr>& cidrs, const std::string& address) {
  const auto ip = config::parse_ip(address);
  return ip && std::any_of(cidrs.begin(), cidrs.end(),
                           [&ip](const config::Cidr& cidr) { return cidr.contains(*ip); });
}

}  // namespace

std::variant<AccessList, AccessList::Unknown> AccessList::resolve(const config::Access& access) {
  AccessList list;
  for (const std::string& name : access.allow_uids) {
    const auto uid = find_user(name);
    if (!uid) {
      return Unknown{"allow_uids", "'" + name + "' is no user of this system"};
    }
    list.uids_.push_back(*uid);
  }
  for (const std::string& name : access.allow_gids) {
    const auto gid = find_group(name);
    if (!gid) {
      return Unknown{"allow_gids", "'" + name + "' is no group of this system"};
    }
    list.gids_.push_back(*gid);
  }
  list.cidrs_ = access.allow_cidrs;
  return list;
}

std::optional<AccessList::Refusal> AccessList::refuse(const Peer& peer) const {
  auto refusal = peer.is_unix ? refuse_account(peer) : refuse_address(peer.address);
  if (!refusal && peer.announced) {
    refusal = refuse_address(peer.announced->address);
  }
  return refusal;
}

std::optional<AccessList::Refusal> AccessList::refuse_account(const Peer& peer) const {
  if (uids_.empty() && gids_.empty()) {
    const bool is_ours = peer.uid == geteuid() || peer.uid == uid_t{0};
    if (peer.is_abstract && !is_ours) {
      return Refusal{"access", "an abstract socket without access rules admits its own user only"};
    }
    return std::nullopt;
  }
  const bool is_user = peer.uid && contains(uids_, *peer.uid);
  const bool is_member = (peer.gid && contains(gids_, *peer.gid)) ||
                         std::any_of(peer.groups.begin(), peer.groups.end(),
                                     [this](gid_t group) { return contains(gids_, group); });
  if (is_user || is_member) {
    return std::nullopt;
  }
  return gids_.empty()   ? Refusal{"allow_uids", "its uid is not listed"}
         : uids_.empty() ? Refusal{"allow_gids", "none of its groups is listed"}
                         : Refusal{"allow_uids, allow_gids", "neither uid nor group is listed"};
}

std::optional<AccessList::Refusal> AccessList::refuse_address(const std::string& address) const {
  if (cidrs_.empty() || is_in(cidrs_, address)) {
    return std::nullopt;
  }
  return Refusal{"allow_cidrs", address.empty() ? "its address is not known"
                                                : "its address " + address + " is not listed"};
}

bool sends_proxy_header(const config::ProxyProtocol& proxy_protocol, const Peer& peer) {
  return peer.is_unix ? proxy_protocol.from_unix : is_in(proxy_protocol.from, peer.address);
}

}  // namespace wsbridged
