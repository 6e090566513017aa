// SPDX-License-Identifier: MIT
// Connections to a real OpenSSL server, for the tests of trust and of resumption.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "integration/net/tls_server.h"
#include "net/tls_context.h"
#include "net/tls_pin.h"
#include "support/catch.h"

namespace ws::test {

using Context = std::shared_ptr<const TlsContext>;
using ServerContext = std::shared_ptr<SSL_CTX>;

// What became of a connection; nothing but the error when there was none.
struct Visit {
  std::optional<TlsInfo> info;
  Error error;
  std::string subject;  // of the client's certificate, as the server saw it
};

inline Visit visit(const ServerContext& server_context, net::TlsTarget target) {
  EventLoop loop;
  Visit visit;
  auto pair = make_pair(SocketKind::kTcp);
  TlsServer server(server_context, std::move(pair.peer), [&visit](TlsPeer& peer) {
    if (X509* certificate = SSL_get0_peer_certificate(peer.ssl())) {
      visit.subject = net::to_string(*net::pin_of(certificate));
    }
    peer.send("hello");
    (void)peer.receive_all();
  });
  Recorder recorder;
  auto outcome = shake_hands(loop, pair.ours.release(), std::move(target));
  visit.error = outcome.error;
  if (outcome.stream != nullptr) {
    // Tickets of TLS 1.3 come with the first bytes.
    outcome.stream->set_handler(&recorder);
    outcome.stream->resume_reading();
    run_until(loop, [&] { return recorder.data == "hello" || recorder.has('F'); });
    visit.info = outcome.stream->tls_info();
    visit.error = recorder.failure;
    outcome.stream.reset();
  }
  server.join();
  return visit;
}

inline net::TlsTarget target_with(Context context, std::string server = "localhost:443") {
  return {.context = std::move(context), .server_name = "localhost", .server = std::move(server)};
}

inline Context context_with(const TlsOptions& options) {
  auto context = make_tls_context(options);
  REQUIRE(context);
  return context.value();
}

inline ServerContext server_with(const Certificate& certificate, int version = TLS1_3_VERSION) {
  auto context = certificate.server_context();
  SSL_CTX_set_max_proto_version(context.get(), version);
  constexpr unsigned char id[] = "test";
  SSL_CTX_set_session_id_context(context.get(), id, sizeof id);
  return context;
}

inline std::string pin_of(const Certificate& certificate) {
  return net::to_string(*net::pin_of(certificate.x509()));
}

}  // namespace ws::test
