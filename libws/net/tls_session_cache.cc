// SPDX-License-Identifier: MIT
#include "net/tls_session_cache.h"

#include <ctime>
#include <utility>

#include <openssl/x509.h>

namespace ws::net {
namespace {

// OpenSSL 3.4 has replaced the function whose type may end in 2038.
std::time_t made_at(const SSL_SESSION& session) {
#if OPENSSL_VERSION_NUMBER >= 0x30400000L
  return SSL_SESSION_get_time_ex(&session);
#else
  return SSL_SESSION_get_time(&session);
#endif
}

bool can_be_resumed(const SSL_SESSION& session) {
  const std::time_t age = std::time(nullptr) - made_at(session);
  if (age < 0 || age >= SSL_SESSION_get_timeout(&session) ||
      SSL_SESSION_is_resumable(&session) != 1) {
    return false;
  }
  // OpenSSL asks for a pointer to what it does not change.
  const X509* const certificate = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(&session));
  return certificate != nullptr && X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

SslSessionHandle copy(const SSL_SESSION& session) {
  return SslSessionHandle(SSL_SESSION_dup(&session));
}

}  // namespace

void TlsSessionCache::put(const std::string& key, const SSL_SESSION& session) {
  SslSessionHandle kept = copy(session);
  if (!kept) {
    return;
  }
  const std::lock_guard lock(mutex_);
  auto server = find_and_use(key);
  if (server == servers_.end()) {
    servers_.push_front({.key = key, .sessions = {}});
    server = servers_.begin();
    places_.emplace(key, server);
  }
  auto& sessions = server->sessions;
  if (SSL_SESSION_get_protocol_version(&session) != TLS1_3_VERSION) {
    sessions.clear();  // the newer one stands for the older
  } else if (sessions.size() == kMaxTickets) {
    sessions.erase(sessions.begin());
  }
  sessions.push_back(std::move(kept));
  if (servers_.size() > kMaxServers) {
    erase(std::prev(servers_.end()));
  }
}

SslSessionHandle TlsSessionCache::take(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto server = find_and_use(key);
  if (server == servers_.end()) {
    return {};
  }
  SslSessionHandle taken;
  auto& sessions = server->sessions;
  while (!taken && !sessions.empty()) {
    SslSessionHandle session = std::move(sessions.back());
    sessions.pop_back();
    if (!can_be_resumed(*session)) {
      continue;
    }
    if (SSL_SESSION_get_protocol_version(session.get()) != TLS1_3_VERSION) {
      sessions.push_back(copy(*session));
    }
    taken = std::move(session);
  }
  if (sessions.empty()) {
    erase(server);
  }
  return taken;
}

void TlsSessionCache::forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  if (const auto server = find_and_use(key); server != servers_.end()) {
    erase(server);
  }
}

std::size_t TlsSessionCache::size() const {
  const std::lock_guard lock(mutex_);
  return servers_.size();
}

TlsSessionCache::Servers::iterator TlsSessionCache::find_and_use(const std::string& key) {
  const auto place = places_.find(key);
  if (place == places_.end()) {
    return servers_.end();
  }
  servers_.splice(servers_.begin(), servers_, place->second);
  return place->second;
}

void TlsSessionCache::erase(Servers::iterator server) {
  places_.erase(server->key);
  servers_.erase(server);
}

}  // namespace ws::net
