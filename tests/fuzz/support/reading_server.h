// SPDX-License-Identifier: MIT
// The server that reads what a client sends, on the library's own server side: each byte must be
// one that RFC 6455 lets a client send, and what it answers can be given back to the client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/support/pieces.h"
#include "fuzz/support/require.h"
#include "protocol/connection.h"
#include "support/fixed_random.h"

namespace fuzz {

struct SentMessage {
  ws::MessageType type = ws::MessageType::kText;
  std::string data{};
  bool operator==(const SentMessage&) const = default;
};

// The server that reads what the connection sends.
class ReadingServer : public ws::protocol::ConnectionEvents {
 public:
  explicit ReadingServer(const std::optional<ws::protocol::DeflateSettings>& deflate)
      : rsv1_(deflate ? ws::protocol::Rsv1::kCompressed : ws::protocol::Rsv1::kReserved),
        connection_({.role = ws::protocol::Role::kServer,
                     .max_message = std::size_t{16} << 20,
                     .max_empty_fragments = 1'000'000,
                     .max_queued_pongs = 64,
                     .deflate = deflate},
                    random_, output_, ws::protocol::TimePoint{}) {}

  void on_message(ws::MessageType type, std::string_view data) override {
    messages.push_back({type, std::string(data)});
  }

  void on_pong(std::string_view /*payload*/) override {}

  // Frame by frame, so that the first byte behind a Close is seen.
  void receive(std::string_view bytes) {
    unread_ += bytes;
    std::size_t read = 0;
    while (connection_.state() == ws::protocol::ConnectionState::kOpen) {
      const std::size_t size = frame_size(std::string_view(unread_).substr(read));
      if (size == 0) {
        break;
      }
      std::vector<std::byte> frame = exact_copy(std::string_view(unread_).substr(read, size));
      connection_.receive(frame, {}, *this);
      require(!connection_.failure(), "what is sent breaks no rule");
      read += size;
    }
    unread_.erase(0, read);
  }

  // Pongs, and its Close.
  std::string take_answers() {
    std::string answers;
    while (!output_.empty()) {
      const auto front = output_.front();
      answers += as_text(front);
      output_.consume(front.size());
    }
    return answers;
  }

  // RFC 6455 section 5.5.2: pings are answered until the peer's Close has come.
  void check_end() const {
    std::string_view rest = unread_;
    while (!rest.empty()) {
      require(rest.size() >= 6 && rest[0] == '\x8a', "only pongs are sent behind a Close");
      const std::size_t size = 6 + (static_cast<unsigned char>(rest[1]) & 0x7fU);
      require(size <= 6 + 125 && size <= rest.size(), "whole ones");
      rest.remove_prefix(size);
    }
  }

  std::vector<SentMessage> messages;

 private:
  // Of the frame in front, 0 when it is not whole.
  [[nodiscard]] std::size_t frame_size(std::string_view bytes) const {
    const auto decoded = ws::protocol::decode_frame_header(std::as_bytes(std::span(bytes)),
                                                           ws::protocol::Role::kServer, rsv1_);
    require(decoded.outcome != ws::protocol::DecodedHeader::Outcome::kViolation, "a good header");
    const std::uint64_t size = decoded.header.size + decoded.header.payload_size;
    return decoded.header.size > 0 && size <= bytes.size() ? static_cast<std::size_t>(size) : 0;
  }

  ws::protocol::Rsv1 rsv1_;
  std::string unread_;
  support::FixedRandom random_;
  ws::ByteQueue output_;
  ws::protocol::Connection connection_;
};

}  // namespace fuzz
