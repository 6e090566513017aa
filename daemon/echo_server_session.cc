// SPDX-License-Identifier: MIT
#include "daemon/echo_server_session.h"

#include <sys/random.h>

#include <algorithm>
#include <utility>

#include "daemon/echo_server.h"
#include "protocol/random_source.h"
#include "protocol/server_handshake.h"

namespace wsbridged {
namespace {

constexpr std::chrono::milliseconds kCloseLimit{5'000};

// A server masks nothing (RFC 6455 section 5.1), so this is asked for next to nothing.
class SystemRandom : public ws::protocol::RandomSource {
 public:
  void fill(std::span<std::byte> bytes) override {
    while (!bytes.empty()) {
      const auto count = getrandom(bytes.data(), bytes.size(), 0);
      bytes = bytes.subspan(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
  }
};

SystemRandom system_random;

bool has_ended(ws::protocol::ConnectionState state) {
  using ws::protocol::ConnectionState;
  return state != ConnectionState::kOpen && state != ConnectionState::kClosing;
}

}  // namespace

EchoSession::EchoSession(ws::EventLoop& loop, int descriptor,
                         std::chrono::milliseconds request_limit, std::function<void()> on_end)
    : loop_(loop),
      stream_(ws::net::adopt_socket(loop, descriptor)),
      on_end_(std::move(on_end)),
      timer_(loop, [this] { handle_timer(); }) {
  stream_->set_handler(this);
  stream_->set_high_water(EchoServer::kHighWater);
  stream_->resume_reading();
  timer_.start(request_limit);
}

EchoSession::~EchoSession() = default;

void EchoSession::on_data(std::span<std::byte> bytes) {
  if (connection_) {
    receive_frames(bytes);
  } else {
    receive_request(bytes);
  }
}

void EchoSession::receive_request(std::span<const std::byte> bytes) {
  using Progress = ws::protocol::ServerHandshakeResult::Progress;
  request_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto result = ws::protocol::answer_request(request_);
  if (result.progress == Progress::kNeedMore) {
    return;
  }
  stream_->output().append(result.response);
  if (result.progress == Progress::kRefused) {
    end();
    return;
  }
  timer_.stop();
  connection_.emplace(ws::protocol::ConnectionSettings{.role = ws::protocol::Role::kServer,
                                                       .close_timeout = kCloseLimit},
                      system_random, stream_->output(), loop_.now());
  std::string rest = std::exchange(request_, {}).substr(result.consumed);
  receive_frames(std::as_writable_bytes(std::span(rest)));
}

void EchoSession::receive_frames(std::span<std::byte> bytes) {
  connection_->receive(bytes, loop_.now(), *this);
  if (has_ended(connection_->state())) {
    end();
    return;
  }
  if (stream_->output().size() > EchoServer::kHighWater) {
    stream_->pause_reading();
  }
  stream_->flush_soon();
  arm_timer();
}

void EchoSession::on_message(ws::MessageType type, std::string_view data) {
  // Refused only while closing, when the peer asked for no more answers.
  static_cast<void>(connection_->send(type, data));
}

void EchoSession::on_pong(std::string_view /*payload*/) {}

void EchoSession::on_drained() {
  if (connection_) {
    connection_->output_drained();
    stream_->flush_soon();
  }
  stream_->resume_reading();
}

void EchoSession::on_eof(ws::net::Eof /*eof*/) {
  end();
}

void EchoSession::on_failure(const ws::Error& /*error*/) {
  end();
}

void EchoSession::arm_timer() {
  const auto deadline = connection_->deadline();
  if (!deadline || timer_.is_running()) {
    return;  // a deadline only grows: asked for again when the timer fires
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - loop_.now());
  timer_.start(std::max(left, std::chrono::milliseconds(0)));
}

void EchoSession::handle_timer() {
  if (!connection_) {
    end();  // the request took too long
    return;
  }
  connection_->handle_deadline(loop_.now());
  if (has_ended(connection_->state())) {
    end();
    return;
  }
  stream_->flush_soon();
  arm_timer();
}

// What is queued (an answer, a Close) still goes out, and the peer's FIN is waited for.
void EchoSession::end() {
  timer_.stop();
  ws::net::close_gracefully(loop_, std::move(stream_), kCloseLimit);
  const auto on_end = std::move(on_end_);
  on_end();
}

}  // namespace wsbridged
