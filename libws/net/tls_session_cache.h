// SPDX-License-Identifier: MIT
// TLS sessions to resume (RFC 8446 section 2.2, RFC 5246 section 7.3), by server. One cache belongs
// to one TlsContext, so sessions never meet other pins, authorities or client certificates.
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/tls_handles.h"

namespace ws::net {

// Thread-safe: contexts are shared by loops. Limits: kMaxServers, the least recently used goes
// first, and kMaxTickets for each.
class TlsSessionCache {
 public:
  static constexpr std::size_t kMaxServers = 256;
  static constexpr std::size_t kMaxTickets = 4;

  TlsSessionCache() = default;
  ~TlsSessionCache() = default;
  TlsSessionCache(const TlsSessionCache&) = delete;
  TlsSessionCache& operator=(const TlsSessionCache&) = delete;

  // Keeps a copy. `key` must name everything that a handshake would verify and the server see.
  void put(const std::string& key, const SSL_SESSION& session);
  // The newest session that can still be resumed, empty when there is none. A ticket of TLS 1.3 is
  // given once (RFC 8446 appendix C.4), others again and again. None is given whose server
  // certificate has expired, as a resumption does not look at it.
  [[nodiscard]] SslSessionHandle take(const std::string& key);
  void forget(const std::string& key);

  [[nodiscard]] std::size_t size() const;  // in servers

 private:
  struct Server {
    std::string key;
    std::vector<SslSessionHandle> sessions;  // the newest last
  };

  using Servers = std::list<Server>;

  Servers::iterator find_and_use(const std::string& key);
  void erase(Servers::iterator server);

  mutable std::mutex mutex_;
  Servers servers_;  // the most recently used first
  std::unordered_map<std::string, Servers::iterator> places_;
};

}  // namespace ws::net
