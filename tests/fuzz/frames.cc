// SPDX-License-Identifier: MIT
// Frames and messages: the same bytes in any chunking, told whole, in chunks or in batches, mean
// the same, and what the reference parser makes of them where it can tell.
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/support/input.h"
#include "fuzz/support/pieces.h"
#include "fuzz/support/require.h"
#include "fuzz_targets.h"
#include "protocol/byte_order.h"
#include "protocol/connection.h"
#include "support/fixed_random.h"
#include "support/reference_parser.h"

namespace fuzz {
namespace {

using ws::protocol::Connection;
using ws::protocol::ConnectionSettings;
using ws::protocol::ConnectionState;
using ws::protocol::Role;

enum class Telling { kWhole, kChunks, kBatches };

constexpr std::size_t kInflaterMemory = std::size_t{42} << 10;

// A connection that receives, and all that can be seen of it.
class Receiver : public ws::protocol::ConnectionEvents {
 public:
  Receiver(const ConnectionSettings& settings, Telling telling)
      : settings_(settings),
        telling_(telling),
        connection_(settings, random_, output_, ws::protocol::TimePoint{}) {}

  void on_message(ws::MessageType type, std::string_view data) override {
    note(type, std::string(data));
  }

  [[nodiscard]] bool takes_batches() const override { return telling_ == Telling::kBatches; }

  void on_messages(std::span<const ws::Message> messages) override {
    require(!messages.empty() && messages.size() <= 64, "a batch has 1 to 64 messages");
    std::size_t size = 0;
    for (const ws::Message& message : messages) {
      size += message.data.size();
      note(message.type, std::string(message.data));
    }
    require(size <= std::size_t{64} << 10, "a batch has at most 64 KiB");
  }

  [[nodiscard]] bool takes_chunks() const override { return telling_ == Telling::kChunks; }

  void on_chunk(const ws::MessageChunk& chunk) override {
    require(chunk.is_first == !chunks_.has_value(), "the first chunk begins a message");
    require(!chunk.data.empty() || chunk.is_last, "only the last chunk may be empty");
    chunks_ = chunks_.value_or("").append(chunk.data);
    require(chunks_->size() <= settings_.max_message, "chunks keep to max_message");
    if (chunk.is_last) {
      note(chunk.type, *std::exchange(chunks_, std::nullopt));
    }
  }

  void on_pong(std::string_view payload) override {
    require(payload.size() <= 125, "a pong has at most 125 bytes");
    events.push_back("pong " + std::string(payload));
  }

  void receive(std::string_view piece) {
    std::vector<std::byte> buffer = exact_copy(piece);
    connection_.receive(buffer, {}, *this);
    const std::size_t inflater = settings_.deflate ? kInflaterMemory : 0;
    require(connection_.memory_held() <= settings_.max_message + inflater, "memory is bounded");
    require(telling_ != Telling::kChunks || connection_.input_held() == 0, "chunks are not kept");
  }

  void receive_all(const Pieces& pieces) {
    for (const std::string_view piece : pieces) {
      receive(piece);
    }
  }

  // What was told and sent, and how it ended.
  [[nodiscard]] std::vector<std::string> record() const {
    std::vector<std::string> all = events;
    all.push_back("sent " + sent());
    all.push_back("state " + std::to_string(static_cast<int>(connection_.state())));
    all.push_back("close " + std::to_string(connection_.close_info().code) +
                  connection_.close_info().reason);
    if (connection_.failure()) {
      all.push_back("failure " + std::string(to_string(connection_.failure()->code)));
    } else {
      all.push_back("received " + std::to_string(connection_.received_bytes()));
    }
    return all;
  }

  [[nodiscard]] std::string sent() const {
    std::array<std::span<const std::byte>, 64> spans;
    const std::size_t count = output_.gather(spans);
    std::string bytes;
    for (const auto span : std::span(spans).first(count)) {
      bytes += as_text(span);
    }
    require(bytes.size() == output_.size(), "the output is what it says");
    return bytes;
  }

  [[nodiscard]] const Connection& connection() const { return connection_; }

  std::vector<std::string> events;

 private:
  void note(ws::MessageType type, std::string data) {
    require(connection_.state() <= ConnectionState::kClosing, "no message behind the end");
    require(data.size() <= settings_.max_message, "messages keep to max_message");
    const bool is_text = type == ws::MessageType::kText;
    const auto utf8 = support::read_utf8(is_text ? data : "");
    require(!utf8.bad_byte && utf8.is_complete, "text is UTF-8");
    events.push_back((is_text ? "text " : "binary ") + std::move(data));
  }

  ConnectionSettings settings_;
  Telling telling_;
  support::FixedRandom random_ = support::zero_random();
  ws::ByteQueue output_;
  Connection connection_;
  std::optional<std::string> chunks_;
};

// Do these bytes of a server end behind a frame? Then the reference parser can say what they mean.
bool ends_behind_frame(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto* at = reinterpret_cast<const std::byte*>(bytes.data());
    std::size_t header = 2;
    if (bytes.size() < header) {
      return false;
    }
    std::uint64_t size = std::to_integer<unsigned>(at[1]) & 0x7fU;
    header = size == 127 ? 10 : size == 126 ? 4 : 2;
    header += (std::to_integer<unsigned>(at[1]) & 0x80U) != 0 ? 4 : 0;
    if (bytes.size() < header) {
      return false;
    }
    size = size == 127   ? ws::protocol::load_be64(at + 2)
           : size == 126 ? ws::protocol::load_be16(at + 2)
                         : size;
    if (size > bytes.size() - header) {
      return false;
    }
    bytes.remove_prefix(header + static_cast<std::size_t>(size));
  }
  return true;
}

// A client's frame with a mask key of zeros and a short payload.
std::string answer(unsigned first, std::string_view payload) {
  std::string frame(1, static_cast<char>(first));
  frame += static_cast<char>(0x80U | payload.size());
  return frame.append(4, '\0').append(payload);
}

std::string code_bytes(unsigned code) {
  return {static_cast<char>(code >> 8U), static_cast<char>(code & 0xffU)};
}

void compare_with_reference(const Receiver& receiver, std::string_view bytes,
                            const ConnectionSettings& settings) {
  using End = support::ReferenceOutcome::End;
  const auto expected = support::parse_as_client(
      bytes,
      {.max_message = settings.max_message, .max_empty_fragments = settings.max_empty_fragments},
      settings.deflate.has_value());
  require(receiver.events == expected.events, "the events are the reference's");
  std::string sent;
  for (const std::string& ping : expected.pings) {
    sent += answer(0x8a, ping);
  }
  const ConnectionState state = receiver.connection().state();
  if (expected.end == End::kNone) {
    require(state == ConnectionState::kOpen && receiver.sent() == sent, "open as the reference");
  } else if (expected.end == End::kClosed) {
    sent += answer(0x88, expected.code == 1005 ? "" : code_bytes(expected.code));
    require(state == ConnectionState::kClosed && receiver.sent() == sent, "closed likewise");
  } else {
    require(state == ConnectionState::kFailing, "failed as the reference");
    require(receiver.sent().starts_with(sent), "after the same answers");
    const std::string end = receiver.sent().substr(sent.size());
    require(end.size() >= 8 && end[0] == '\x88', "a Close ends it");
    require(end.substr(6, 2) == code_bytes(expected.code), "with the reference's code");
  }
}

ConnectionSettings settings_of(unsigned choice) {
  constexpr std::array<std::size_t, 4> kMaxMessages{20, 300, 70'000, std::size_t{1} << 20};
  ConnectionSettings settings{.role = (choice & 1U) != 0 ? Role::kServer : Role::kClient,
                              .max_message = kMaxMessages[choice >> 1U & 3U],
                              .max_frame = (choice & 8U) != 0 ? std::size_t{100} : 0,
                              .max_empty_fragments = 2,
                              .max_queued_pongs = 100'000};
  if ((choice & 16U) != 0) {
    settings.deflate.emplace();
    settings.deflate->peer_no_context_takeover = (choice & 32U) != 0;
  }
  return settings;
}

}  // namespace

void frames(std::string_view bytes) {
  Input input(bytes);
  const ConnectionSettings settings = settings_of(input.byte());
  const unsigned seed = input.byte();
  const std::string_view frames = input.rest();
  Receiver whole(settings, Telling::kWhole);
  whole.receive(frames);
  const auto record = whole.record();
  for (const Telling telling : {Telling::kWhole, Telling::kChunks, Telling::kBatches}) {
    Receiver at_once(settings, telling);
    at_once.receive(frames);
    require(at_once.record() == record, "the way of telling changes nothing");
    for (const Pieces& pieces : cuts(frames, seed)) {
      Receiver cut(settings, telling);
      cut.receive_all(pieces);
      require(cut.record() == record, "the chunking changes nothing");
    }
  }
  const bool is_over = whole.connection().state() > ConnectionState::kClosing;
  if (settings.role == Role::kClient && settings.max_frame == 0 &&
      !(settings.deflate && settings.deflate->peer_no_context_takeover) &&
      ends_behind_frame(frames)) {
    compare_with_reference(whole, frames, settings);
  }
  if (is_over) {
    whole.receive("\x81\x05Hello");
    require(whole.record() == record, "nothing counts behind the end");
  }
}

}  // namespace fuzz
