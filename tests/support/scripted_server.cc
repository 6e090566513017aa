// SPDX-License-Identifier: MIT
#include "support/scripted_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <openssl/ssl.h>

#include "protocol/server_handshake.h"

namespace ws::test {
namespace {

constexpr timeval kPatience{10, 0};
constexpr int kNoAnswer = 100;  // milliseconds; on loopback an answer takes less
constexpr std::string_view kKeyField = "\r\nSec-WebSocket-Key: ";

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what);
}

[[noreturn]] void fail_system(const std::string& what) {
  fail(what + ": " + std::generic_category().message(errno));
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

int bind_to_loopback() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(0);
  if (descriptor < 0 ||
      ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail_system("bind");
  }
  return descriptor;
}

int listen_on_loopback(int backlog) {
  const int descriptor = bind_to_loopback();
  if (::listen(descriptor, backlog) != 0) {
    fail_system("listen");
  }
  return descriptor;
}

std::uint16_t port_of(int descriptor) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    fail_system("getsockname");
  }
  return ntohs(address.sin_port);
}

std::string big_endian(std::uint64_t value, int size) {
  std::string bytes;
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    bytes += static_cast<char>((value >> shift) & 0xFF);
  }
  return bytes;
}

std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) {
    value = value << 8 | static_cast<std::uint8_t>(byte);
  }
  return value;
}

// A client that has gone must not end the test with SIGPIPE.
void block_sigpipe() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

struct ScriptPeer::Tls {
  explicit Tls(const Certificate& certificate, int descriptor)
      : context(certificate.server_context()), ssl(SSL_new(context.get()), &SSL_free) {
    SSL_set_fd(ssl.get(), descriptor);
    if (SSL_accept(ssl.get()) != 1) {
      fail("TLS handshake");
    }
  }

  std::shared_ptr<ssl_ctx_st> context;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl;
};

ScriptPeer::ScriptPeer(int descriptor, const std::optional<Certificate>& certificate)
    : descriptor_(descriptor) {
  (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  (void)setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  try {
    if (certificate) {
      tls_ = std::make_unique<Tls>(*certificate, descriptor);
    }
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

ScriptPeer::~ScriptPeer() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

std::size_t ScriptPeer::read_some(char* data, std::size_t size) {
  if (tls_ != nullptr) {
    std::size_t taken = 0;
    return SSL_read_ex(tls_->ssl.get(), data, size, &taken) == 1 ? taken : 0;
  }
  const ssize_t taken = ::recv(descriptor_, data, size, 0);
  if (taken < 0) {
    fail_system("recv");
  }
  return static_cast<std::size_t>(taken);
}

std::string ScriptPeer::read_exactly(std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t had = 0;
  while (had < size) {
    const std::size_t taken = read_some(bytes.data() + had, size - had);
    if (taken == 0) {
      fail("the client ended after " + std::to_string(had) + " of " + std::to_string(size) +
           " bytes");
    }
    had += taken;
  }
  return bytes;
}

std::string ScriptPeer::read_head() {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    head += read_exactly(1);
  }
  return head;
}

ClientFrame ScriptPeer::read_frame() {
  ClientFrame frame;
  const std::string start = read_exactly(2);
  frame.first_byte = static_cast<std::uint8_t>(start[0]);
  const auto second = static_cast<std::uint8_t>(start[1]);
  if ((second & 0x80) == 0) {
    fail("a frame of the client is not masked (RFC 6455 5.1)");
  }
  std::uint64_t size = second & 0x7F;
  if (size >= 126) {
    size = from_big_endian(read_exactly(size == 126 ? 2 : 8));
  }
  const std::string key = read_exactly(4);
  frame.key = static_cast<std::uint32_t>(from_big_endian(key));
  frame.payload = read_exactly(size);
  for (std::size_t i = 0; i < frame.payload.size(); ++i) {
    frame.payload[i] = static_cast<char>(frame.payload[i] ^ key[i % 4]);
  }
  return frame;
}

void ScriptPeer::expect_frame(std::uint8_t first_byte, std::string_view payload) {
  const ClientFrame frame = read_frame();
  if (frame.first_byte != first_byte || frame.payload != payload) {
    fail("expected frame " + std::to_string(first_byte) + " '" + std::string(payload) + "', got " +
         std::to_string(frame.first_byte) + " '" + frame.payload + "'");
  }
}

std::string ScriptPeer::read_to_end() {
  std::string all;
  std::array<char, 65536> buffer{};
  while (const std::size_t taken = read_some(buffer.data(), buffer.size())) {
    all.append(buffer.data(), taken);
  }
  return all;
}

void ScriptPeer::take_all_and_close() {
  try {
    while (read_frame().first_byte != 0x88) {
    }
    send(server_close(1000));
    shutdown_write();
    read_to_end();
  } catch (const std::runtime_error&) {
    return;
  }
}

void ScriptPeer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t taken = 0;
    if (tls_ != nullptr) {
      if (SSL_write_ex(tls_->ssl.get(), bytes.data(), bytes.size(), &taken) != 1) {
        fail("SSL_write");
      }
    } else {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) {
        fail_system("send");
      }
      taken = static_cast<std::size_t>(sent);
    }
    bytes.remove_prefix(taken);
  }
}

void ScriptPeer::start_tls(const Certificate& certificate) {
  tls_ = std::make_unique<Tls>(certificate, descriptor_);
}

void ScriptPeer::shutdown_write() {
  ::shutdown(descriptor_, SHUT_WR);
}

void ScriptPeer::reset() {
  const linger at_once{1, 0};
  (void)setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(descriptor_, -1));
}

std::string ScriptPeer::accept_upgrade(std::string_view behind, std::string_view extra_headers) {
  std::string head = read_head();
  send(upgrade_response(head, extra_headers).append(behind));
  return head;
}

std::string upgrade_response(std::string_view request_head, std::string_view extra_headers) {
  const std::size_t at = request_head.find(kKeyField);
  if (at == std::string_view::npos) {
    fail("the request has no key");
  }
  const std::string_view rest = request_head.substr(at + kKeyField.size());
  return std::string(
             "HTTP/1.1 101 Switching Protocols\r\n"
             "Upgrade: websocket\r\n"
             "Connection: Upgrade\r\n"
             "Sec-WebSocket-Accept: ")
      .append(protocol::accept_key(rest.substr(0, rest.find("\r\n"))))
      .append("\r\n")
      .append(extra_headers)
      .append("\r\n");
}

std::string server_frame(std::uint8_t first_byte, std::string_view payload) {
  std::string frame(1, static_cast<char>(first_byte));
  if (payload.size() < 126) {
    frame += static_cast<char>(payload.size());
  } else if (payload.size() < 65536) {
    frame += '\x7E' + big_endian(payload.size(), 2);
  } else {
    frame += '\x7F' + big_endian(payload.size(), 8);
  }
  return frame.append(payload);
}

std::string server_text(std::string_view text) {
  return server_frame(0x81, text);
}

std::string server_close(std::uint16_t code, std::string_view reason) {
  return server_frame(0x88, big_endian(code, 2).append(reason));
}

ScriptedServer::ScriptedServer(Script script, std::optional<Certificate> certificate)
    : ScriptedServer(std::vector<Script>{std::move(script)}, std::move(certificate)) {}

ScriptedServer::ScriptedServer(std::vector<Script> scripts, std::optional<Certificate> certificate)
    : scripts_(std::move(scripts)),
      certificate_(std::move(certificate)),
      listener_(listen_on_loopback(8)),
      port_(port_of(listener_)),
      thread_([this] { play(); }) {}

ScriptedServer::~ScriptedServer() {
  ::shutdown(listener_, SHUT_RDWR);  // wakes an accept() that nobody came to
  if (thread_.joinable()) {
    thread_.join();
  }
  ::close(listener_);
}

std::string ScriptedServer::url() const {
  return std::string(certificate_ ? "wss" : "ws") + "://localhost:" + std::to_string(port_) + "/";
}

std::string ScriptedServer::failure() {
  if (thread_.joinable()) {
    thread_.join();
  }
  return failure_;
}

void ScriptedServer::play() noexcept {
  try {
    block_sigpipe();
    for (const Script& script : scripts_) {
      const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) {
        fail_system("accept");
      }
      ScriptPeer peer(descriptor, certificate_);
      script(peer);
    }
  } catch (const std::exception& exception) {
    failure_ = exception.what();
  }
}

SilentListener::SilentListener(int backlog)
    : descriptor_(listen_on_loopback(backlog)), port_(port_of(descriptor_)) {}

SilentListener::~SilentListener() {
  ::close(descriptor_);
}

BlackHole::BlackHole() {
  // How many connections a backlog of 0 takes is the kernel's secret: two that wait show it full.
  int waiting = 0;
  while (waiting < 2) {
    const int filler = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    fillers_.push_back(filler);
    const sockaddr_in address = loopback(listener_.port());
    if (::connect(filler, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
        errno != EINPROGRESS) {
      fail_system("connect");
    }
    pollfd item{.fd = filler, .events = POLLOUT, .revents = 0};
    waiting += ::poll(&item, 1, kNoAnswer) == 0 ? 1 : 0;
  }
}

BlackHole::~BlackHole() {
  for (const int filler : fillers_) {
    ::close(filler);
  }
}

RefusingPort::RefusingPort() : descriptor_(bind_to_loopback()), port_(port_of(descriptor_)) {}

RefusingPort::~RefusingPort() {
  ::close(descriptor_);
}

ScriptedServer::Script session(const ScriptedServer::Script& part) {
  return [part](ScriptPeer& peer) {
    peer.accept_upgrade();
    part(peer);
    peer.send(server_close(1000));
    auto answer = peer.read_frame();
    while (answer.first_byte == 0x89) {  // a ping that was on its way
      answer = peer.read_frame();
    }
    if (answer.first_byte != 0x88 || answer.payload != "\x03\xE8") {
      throw std::runtime_error("no answer to Close");
    }
    peer.read_to_end();
  };
}

}  // namespace ws::test
