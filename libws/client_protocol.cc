// SPDX-License-Identifier: MIT
// Joins the opening handshake and the connection of protocol/, as WebSocket::Impl does on a loop.
#include <utility>

#include <ws/client_protocol.h>

#include "protocol/connection.h"
#include "protocol/handshake.h"
#include "websocket_plan.h"

namespace ws {
namespace {

using protocol::ConnectionState;
using Progress = protocol::ClientHandshake::Progress;

std::vector<std::byte> copy_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

struct ClientProtocol::Impl final : protocol::ConnectionEvents {
  class CalledRandom final : public protocol::RandomSource {
   public:
    explicit CalledRandom(Randomness fill) : fill_(std::move(fill)) {}

    void fill(std::span<std::byte> bytes) override { fill_(bytes); }

   private:
    Randomness fill_;
  };

  explicit Impl(Randomness fill) : random(std::move(fill)) {}

  void on_message(MessageType type, std::string_view data) override {
    events.push_back({.kind = type == MessageType::kText ? ProtocolEvent::Kind::kText
                                                         : ProtocolEvent::Kind::kBinary,
                      .data = std::string(data)});
  }

  void on_pong(std::string_view payload) override {
    events.push_back({.kind = ProtocolEvent::Kind::kPong, .data = std::string(payload)});
  }

  void start(std::string_view text, const Options& options);
  void judge(Progress progress, TimePoint now);
  void open(TimePoint now);
  SendResult send(MessageType type, std::string_view data);

  CalledRandom random;
  ByteQueue output;
  protocol::ConnectionSettings settings;
  std::optional<protocol::ClientHandshake> handshake;  // kept for its response
  std::optional<protocol::Connection> connection;
  std::vector<ProtocolEvent> events;
  std::optional<Error> opening_error;
  std::optional<Error> failure;  // the connection's, once somebody has asked
  std::string no_subprotocol;
  HttpResponse no_response;
};

void ClientProtocol::Impl::start(std::string_view text, const Options& options) {
  const Result<Url> url = parse_url(text);
  if (!url) {
    opening_error = url.error();
    return;
  }
  Result<OpeningPlan> plan = plan_opening(*url, options);
  if (!plan) {
    opening_error = plan.error();
    return;
  }
  settings = plan->connection;
  handshake.emplace(std::move(plan->request), random);
  output.append(handshake->request_bytes());
}

void ClientProtocol::Impl::judge(Progress progress, TimePoint now) {
  if (progress == Progress::kOpen) {
    open(now);
  } else if (progress == Progress::kFailed) {
    opening_error = handshake->error();
  }
}

void ClientProtocol::Impl::open(TimePoint now) {
  settings.deflate = handshake->deflate();
  connection.emplace(settings, random, output, now);
  events.push_back({.kind = ProtocolEvent::Kind::kOpen});
  const auto rest = handshake->rest();
  std::vector<std::byte> frames(rest.begin(), rest.end());
  connection->receive(frames, now, *this);
}

SendResult ClientProtocol::Impl::send(MessageType type, std::string_view data) {
  using Sent = protocol::Connection::Sent;
  switch (connection ? connection->send(type, data) : Sent::kNotOpen) {
    case Sent::kYes:
      return SendResult::kSent;
    case Sent::kInvalidUtf8:
      return SendResult::kInvalidUtf8;
    case Sent::kNotOpen:
      break;
  }
  return SendResult::kRefused;
}

ClientProtocol::ClientProtocol(std::string_view url, const Options& options, Randomness random)
    : impl_(std::make_unique<Impl>(std::move(random))) {
  impl_->start(url, options);
}

ClientProtocol::~ClientProtocol() = default;

void ClientProtocol::receive(std::string_view bytes, TimePoint now) {
  if (impl_->opening_error) {
    return;
  }
  std::vector<std::byte> copy = copy_of(bytes);  // the connection unmasks and inflates in place
  if (impl_->connection) {
    impl_->connection->receive(copy, now, *impl_);
  } else {
    impl_->judge(impl_->handshake->receive(copy), now);
  }
}

void ClientProtocol::receive_eof() {
  if (impl_->connection) {
    impl_->connection->receive_eof();
  } else if (!impl_->opening_error) {
    impl_->judge(impl_->handshake->receive_eof(), {});
  }
}

std::vector<ProtocolEvent> ClientProtocol::take_events() {
  return std::exchange(impl_->events, {});
}

std::string ClientProtocol::take_output() {
  std::string bytes;
  while (!impl_->output.empty()) {
    const auto front = impl_->output.front();
    bytes.append(reinterpret_cast<const char*>(front.data()), front.size());
    impl_->output.consume(front.size());
  }
  if (impl_->connection) {
    impl_->connection->output_drained();
  }
  return bytes;
}

SendResult ClientProtocol::send(std::string_view text) {
  return impl_->send(MessageType::kText, text);
}

SendResult ClientProtocol::send_binary(std::span<const std::byte> bytes) {
  return impl_->send(MessageType::kBinary,
                     {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

bool ClientProtocol::ping(std::string_view payload) {
  return impl_->connection && impl_->connection->ping(payload);
}

void ClientProtocol::close(std::uint16_t code, std::string_view reason, TimePoint now) {
  if (impl_->connection && impl_->connection->state() == ConnectionState::kOpen) {
    impl_->connection->close(code, reason, now);
  }
}

std::optional<ClientProtocol::TimePoint> ClientProtocol::deadline() const {
  return impl_->connection ? impl_->connection->deadline() : std::nullopt;
}

void ClientProtocol::handle_deadline(TimePoint now) {
  if (const auto due = deadline(); due && *due <= now) {
    impl_->connection->handle_deadline(now);
  }
}

State ClientProtocol::state() const {
  if (error() || closed()) {
    return State::kClosed;
  }
  if (!impl_->connection) {
    return State::kConnecting;
  }
  return impl_->connection->state() == ConnectionState::kOpen ? State::kOpen : State::kClosing;
}

const std::optional<Error>& ClientProtocol::error() const {
  if (!impl_->connection) {
    return impl_->opening_error;
  }
  if (const Error* failure = impl_->connection->failure(); failure != nullptr && !impl_->failure) {
    impl_->failure = *failure;
  }
  return impl_->failure;
}

std::optional<CloseInfo> ClientProtocol::closed() const {
  if (impl_->connection && impl_->connection->state() == ConnectionState::kClosed) {
    return impl_->connection->close_info();
  }
  return std::nullopt;
}

const std::string& ClientProtocol::subprotocol() const {
  return impl_->connection ? impl_->handshake->subprotocol() : impl_->no_subprotocol;
}

const HttpResponse& ClientProtocol::response() const {
  return impl_->connection ? impl_->handshake->response() : impl_->no_response;
}

}  // namespace ws
