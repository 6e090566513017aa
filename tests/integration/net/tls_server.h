// SPDX-License-Identifier: MIT
// A TLS server for one connection, on a thread with OpenSSL's own blocking calls: nothing of it is
// shared with the code under test.
#pragma once

#include <cerrno>
#include <csignal>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <ws/options.h>

#include "integration/net/socket_pair.h"
#include "net/loop_context.h"
#include "net/tls.h"
#include "support/test_certs.h"

namespace ws::test {

// What a server's script can do.
class TlsPeer {
 public:
  TlsPeer(SSL_CTX* context, Socket socket)
      : socket_(std::move(socket)), ssl_(SSL_new(context), SSL_free) {
    SSL_set_fd(ssl_.get(), socket_.get());
  }

  bool accept() { return SSL_accept(ssl_.get()) == 1; }

  bool send(std::string_view bytes) {
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
           static_cast<int>(bytes.size());
  }

  // Until `size` bytes have come, or an end.
  std::string receive(std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t done = 0;
    while (done < size) {
      const int result = SSL_read(ssl_.get(), bytes.data() + done, static_cast<int>(size - done));
      if (result <= 0) {
        break;
      }
      done += static_cast<std::size_t>(result);
    }
    bytes.resize(done);
    return bytes;
  }

  // Everything to the end; then clean_end() tells how it ended.
  std::string receive_all() {
    std::string all;
    std::string part(1 << 16, '\0');
    int result = 0;
    errno = 0;
    while ((result = SSL_read(ssl_.get(), part.data(), static_cast<int>(part.size()))) > 0) {
      all.append(part, 0, static_cast<std::size_t>(result));
    }
    end_errno_ = errno;
    end_ = SSL_get_error(ssl_.get(), result);
    ERR_clear_error();
    return all;
  }

  [[nodiscard]] bool has_clean_end() const { return end_ == SSL_ERROR_ZERO_RETURN; }

  [[nodiscard]] int end_errno() const { return end_errno_; }

  void send_close_notify() { SSL_shutdown(ssl_.get()); }

  // What SSL_write would put on the wire, made visible by a detour through memory.
  std::string encrypt(std::string_view bytes) {
    BIO* memory = BIO_new(BIO_s_mem());
    SSL_set0_wbio(ssl_.get(), memory);
    send(bytes);
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    std::string record(data, static_cast<std::size_t>(size));
    SSL_set0_wbio(ssl_.get(), BIO_new_socket(socket_.get(), BIO_NOCLOSE));
    return record;
  }

  [[nodiscard]] SSL* ssl() { return ssl_.get(); }

  [[nodiscard]] Socket& socket() { return socket_; }

 private:
  Socket socket_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  int end_ = SSL_ERROR_NONE;
  int end_errno_ = 0;
};

using TlsScript = std::function<void(TlsPeer&)>;

// Runs `script` on a thread of its own, after a successful accept; joined by the destructor.
class TlsServer {
 public:
  TlsServer(std::shared_ptr<SSL_CTX> context, Socket socket, TlsScript script)
      : thread_([context = std::move(context), peer = std::move(socket),
                 action = std::move(script)]() mutable {
          // SSL_set_fd() writes with write(2). Blocked in this thread only: what runs on the loop
          // must not depend on it.
          sigset_t signals;
          sigemptyset(&signals);
          sigaddset(&signals, SIGPIPE);
          pthread_sigmask(SIG_BLOCK, &signals, nullptr);
          TlsPeer tls(context.get(), std::move(peer));
          if (tls.accept()) {
            action(tls);
          }
          ERR_clear_error();
        }) {}

  ~TlsServer() { join(); }

  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  void join() {
    if (thread_.joinable()) {
      thread_.join();
    }
  }

 private:
  std::thread thread_;
};

inline TlsOptions options_with_ca_file(const std::string& path) {
  TlsOptions options;
  options.ca_file = path;
  return options;
}

// The options that trust the test authority.
inline TlsOptions trusting_options() {
  static const TemporaryFile authority(test_certificates().authority.pem());
  return options_with_ca_file(authority.path());
}

inline std::shared_ptr<const TlsContext> trusting_context() {
  static const std::shared_ptr<const TlsContext> context =
      make_tls_context(trusting_options()).value();
  return context;
}

// The outcome of a handshake on the loop.
struct HandshakeOutcome {
  std::unique_ptr<net::Stream> stream;
  Error error;
  int calls = 0;
};

inline HandshakeOutcome shake_hands(EventLoop& loop, int descriptor, net::TlsTarget target) {
  HandshakeOutcome outcome;
  net::TlsHandshake handshake(loop, descriptor, std::move(target),
                              [&outcome](Result<std::unique_ptr<net::Stream>> result) {
                                ++outcome.calls;
                                if (result) {
                                  outcome.stream = std::move(result.value());
                                } else {
                                  outcome.error = result.error();
                                }
                              });
  CHECK(outcome.calls == 0);  // never from inside the constructor
  run_until(loop, [&] { return outcome.calls > 0; });
  CHECK(outcome.calls == 1);
  return outcome;
}

inline HandshakeOutcome shake_hands(EventLoop& loop, int descriptor,
                                    const std::shared_ptr<const TlsContext>& context,
                                    const std::string& name) {
  return shake_hands(loop, descriptor, {.context = context, .server_name = name});
}

// A TLS stream to a server that runs `script`, with its recorder.
struct TlsStreamAndPeer {
  TlsStreamAndPeer(EventLoop& loop, TlsScript script, SocketKind kind = SocketKind::kTcp,
                   std::shared_ptr<SSL_CTX> context = test_certificates().good.server_context())
      : TlsStreamAndPeer(loop, std::move(script), make_pair(kind), std::move(context)) {}

  TlsStreamAndPeer(EventLoop& loop, TlsScript script, SocketPair pair,
                   std::shared_ptr<SSL_CTX> context)
      : server(std::move(context), std::move(pair.peer), std::move(script)) {
    HandshakeOutcome outcome =
        shake_hands(loop, pair.ours.release(), trusting_context(), "localhost");
    INFO(outcome.error.message);
    REQUIRE(outcome.stream != nullptr);
    stream = std::move(outcome.stream);
    stream->set_handler(&recorder);
  }

  // The stream first: the server may be waiting for its end.
  ~TlsStreamAndPeer() { stream.reset(); }

  TlsStreamAndPeer(const TlsStreamAndPeer&) = delete;
  TlsStreamAndPeer& operator=(const TlsStreamAndPeer&) = delete;

  void send(std::string_view text) const {
    stream->output().append(text);
    stream->flush_soon();
  }

  Recorder recorder;
  TlsServer server;
  std::unique_ptr<net::Stream> stream;
};

}  // namespace ws::test
