// SPDX-License-Identifier: MIT
// Messages in pieces, both ways: written without knowing their length, and told in chunks.
#include "connection_harness.h"

namespace ws::protocol {
namespace {

using namespace std::string_literals;
using State = ConnectionState;
using Sent = Connection::Sent;
using Events = std::vector<std::string>;

constexpr std::size_t kFragment = std::size_t{16} << 10;

Events read_by_server(const std::string& sent, std::optional<DeflateSettings> deflate = {}) {
  Harness server({.role = Role::kServer, .deflate = deflate});
  server.receive(sent);
  CHECK_FALSE(server.failure());
  return server.events;
}

// Some that compress, but not to nothing.
std::string letters(std::size_t size, unsigned& value) {
  std::string result(size, ' ');
  for (char& c : result) {
    value = value * 1664525U + 1013904223U;
    c = static_cast<char>('a' + (value >> 28U));
  }
  return result;
}

struct SentFrame {
  unsigned first = 0;
  std::size_t size = 0;
};

// The data and control frames that a client sent with mask keys of zeros.
std::vector<SentFrame> frames_of(const std::string& sent) {
  std::vector<SentFrame> frames;
  auto rest = std::as_bytes(std::span(sent));
  while (!rest.empty()) {
    const auto decoded = decode_frame_header(rest, Role::kServer, Rsv1::kCompressed);
    REQUIRE(decoded.outcome == DecodedHeader::Outcome::kHeader);
    const auto size = static_cast<std::size_t>(decoded.header.payload_size);
    frames.push_back({std::to_integer<unsigned>(rest[0]), size});
    rest = rest.subspan(decoded.header.size + size);
  }
  return frames;
}

}  // namespace

TEST_CASE("writer: what is too short for a frame of 16 KiB goes out as one message at finish()",
          "[connection]") {
  Harness harness;
  REQUIRE(harness.connection.start_message(MessageType::kText));
  CHECK(harness.connection.is_writing());
  CHECK(harness.connection.write("Hel") == Sent::kYes);
  CHECK(harness.connection.write("") == Sent::kYes);
  CHECK(harness.connection.write("lo") == Sent::kYes);
  CHECK(harness.output.empty());
  CHECK(harness.connection.finish() == Sent::kYes);
  CHECK(harness.sent() == client_frame(0x81, "Hello"));
  CHECK_FALSE(harness.connection.is_writing());
  CHECK(harness.connection.memory_held() == 0);
}

TEST_CASE("writer: an empty message is one", "[connection]") {
  Harness harness;
  REQUIRE(harness.connection.start_message(MessageType::kBinary));
  CHECK(harness.connection.finish() == Sent::kYes);
  CHECK(harness.sent() == client_frame(0x82, ""));
}

TEST_CASE("writer: frames of 16 to 64 KiB, FIN on the last only (RFC 6455 5.4)", "[connection]") {
  Harness harness;
  std::string text;
  REQUIRE(harness.connection.start_message(MessageType::kBinary));
  for (const std::size_t size : {std::size_t{1}, kFragment - 2, std::size_t{1}, kFragment,
                                 kFragment * 9 + 5, std::size_t{100}, kFragment * 4}) {
    const std::string piece(size, static_cast<char>('a' + size % 26));
    CHECK(harness.connection.write(piece) == Sent::kYes);
    CHECK(harness.connection.memory_held() <= kFragment);
    text += piece;
  }
  CHECK(harness.connection.finish() == Sent::kYes);
  const std::string sent = harness.sent();
  const auto frames = frames_of(sent);
  REQUIRE(frames.size() > 5);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const bool is_last = i + 1 == frames.size();
    CHECK(frames[i].first == (i == 0 ? 0x02U : is_last ? 0x80U : 0x00U));
    CHECK((is_last || frames[i].size >= kFragment));
    CHECK(frames[i].size <= 4 * kFragment);
  }
  CHECK(read_by_server(sent) == Events{"binary " + text});
}

TEST_CASE("writer: other messages wait for its end, control frames do not (RFC 6455 5.4)",
          "[connection]") {
  Harness harness;
  REQUIRE(harness.connection.start_message(MessageType::kText));
  CHECK_FALSE(harness.connection.start_message(MessageType::kText));
  CHECK(harness.connection.write(std::string(kFragment, 'a')) == Sent::kYes);
  CHECK(harness.connection.send(MessageType::kText, "other") == Sent::kNotOpen);
  CHECK(harness.connection.ping("?"));
  harness.receive("\x89\x01!");
  CHECK(harness.connection.finish() == Sent::kYes);
  CHECK(harness.connection.send(MessageType::kText, "other") == Sent::kYes);
  CHECK(harness.sent() == client_frame(0x01, std::string(kFragment, 'a')) +
                              client_frame(0x89, "?") + client_frame(0x8a, "!") +
                              client_frame(0x80, "") + client_frame(0x81, "other"));
}

TEST_CASE("writer: text is judged over its pieces, a bad piece is not taken (RFC 6455 5.6)",
          "[connection]") {
  Harness harness;
  REQUIRE(harness.connection.start_message(MessageType::kText));
  CHECK(harness.connection.write("\xe2\x82") == Sent::kYes);
  CHECK(harness.connection.write("x") == Sent::kInvalidUtf8);
  CHECK(harness.connection.finish() == Sent::kInvalidUtf8);
  CHECK(harness.connection.write("\xac") == Sent::kYes);
  CHECK(harness.connection.write("ab\xff") == Sent::kInvalidUtf8);
  CHECK(harness.connection.finish() == Sent::kYes);
  CHECK(harness.sent() == client_frame(0x81, "\xe2\x82\xac"));

  REQUIRE(harness.connection.start_message(MessageType::kBinary));
  CHECK(harness.connection.write("\xff") == Sent::kYes);
  CHECK(harness.connection.finish() == Sent::kYes);
}

TEST_CASE("writer: without a message begun, or after Close, nothing is taken", "[connection]") {
  Harness harness;
  CHECK(harness.connection.write("x") == Sent::kNotOpen);
  CHECK(harness.connection.finish() == Sent::kNotOpen);
  REQUIRE(harness.connection.start_message(MessageType::kText));
  CHECK(harness.connection.write(std::string(kFragment, 'a')) == Sent::kYes);
  harness.sent();
  harness.connection.close(1000, {}, harness.now);
  CHECK(harness.connection.write("x") == Sent::kNotOpen);
  CHECK(harness.connection.finish() == Sent::kNotOpen);
  CHECK(harness.sent() == client_frame(0x88, "\x03\xe8"));  // section 5.5.1: no data behind it
  CHECK_FALSE(harness.connection.start_message(MessageType::kText));
  harness.connection.abandon_message(harness.now);
  CHECK(harness.output.empty());
}

TEST_CASE("writer: abandoned half-way it ends the connection, before that it never was",
          "[connection]") {
  Harness harness;
  REQUIRE(harness.connection.start_message(MessageType::kText));
  CHECK(harness.connection.write("not a frame yet") == Sent::kYes);
  harness.connection.abandon_message(harness.now);
  CHECK(harness.connection.send(MessageType::kText, "x") == Sent::kYes);
  CHECK(harness.sent() == client_frame(0x81, "x"));

  REQUIRE(harness.connection.start_message(MessageType::kText));
  CHECK(harness.connection.write(std::string(kFragment, 'a')) == Sent::kYes);
  harness.sent();
  harness.connection.abandon_message(harness.now);
  CHECK(harness.connection.state() == State::kClosing);
  CHECK(harness.sent() == client_frame(0x88, close_payload(1011, "unfinished message")));
}

TEST_CASE("writer: with deflate the message is compressed, RSV1 on its first frame",
          "[connection]") {
  for (const bool forgets : {false, true}) {
    const DeflateSettings deflate{.no_context_takeover = forgets};
    Harness harness({.deflate = deflate});
    std::string text;
    std::string sent;
    unsigned value = 7;
    for (int message = 0; message < 2; ++message) {
      text.clear();
      REQUIRE(harness.connection.start_message(MessageType::kText));
      for (std::size_t i = 0; i < 100; ++i) {
        const std::string piece = letters(1 + i * 37U, value);
        CHECK(harness.connection.write(piece) == Sent::kYes);
        text += piece;
      }
      CHECK(harness.connection.finish() == Sent::kYes);
      const std::string bytes = harness.sent();
      CHECK(bytes.size() < text.size());
      const auto frames = frames_of(bytes);
      CHECK(frames.front().first == 0x41);
      for (std::size_t i = 1; i < frames.size(); ++i) {
        CHECK(frames[i].first == (i + 1 == frames.size() ? 0x80U : 0x00U));
      }
      sent += bytes;
    }
    const auto events = read_by_server(sent, DeflateSettings{.peer_no_context_takeover = forgets});
    REQUIRE(events.size() == 2);
    CHECK(events[1] == "text " + text);
  }
}

TEST_CASE("writer: with deflate a message below the threshold, or sent with kNever, is plain",
          "[connection]") {
  Harness harness({.deflate = DeflateSettings{.threshold = 6}});
  REQUIRE(harness.connection.start_message(MessageType::kText));
  CHECK(harness.connection.write("Hello") == Sent::kYes);
  CHECK(harness.connection.finish() == Sent::kYes);
  CHECK(harness.sent() == client_frame(0x81, "Hello"));

  const std::string text(kFragment, 'x');
  REQUIRE(harness.connection.start_message(MessageType::kText, Connection::Compress::kNever));
  CHECK(harness.connection.write(text) == Sent::kYes);
  CHECK(harness.connection.finish() == Sent::kYes);
  CHECK(harness.sent() == client_frame(0x01, text) + client_frame(0x80, ""));
}

TEST_CASE("writer: most_sent() is never exceeded", "[connection]") {
  std::string noise;
  unsigned value = 3;
  while (noise.size() < 300'000) {
    value = value * 1664525U + 1013904223U;
    noise += static_cast<char>(value >> 24U);
  }
  for (const int memory_level : {1, 8, 9}) {
    Harness harness({.deflate = DeflateSettings{.memory_level = memory_level}});
    REQUIRE(harness.connection.start_message(MessageType::kBinary));
    for (const std::size_t size : {1U, 10'000U, 16'383U, 16'384U, 70'000U, 300'000U}) {
      const std::size_t before = harness.output.size();
      const std::size_t most = harness.connection.most_sent(size);
      CHECK(harness.connection.write(noise.substr(0, size)) == Sent::kYes);
      CHECK(harness.output.size() - before <= most);
    }
    const std::size_t before = harness.output.size();
    const std::size_t most = harness.connection.most_sent(0);
    CHECK(harness.connection.finish() == Sent::kYes);
    CHECK(harness.output.size() - before <= most);
  }
}

TEST_CASE("chunks: they are told as they arrive, nothing is stored", "[connection]") {
  Harness harness;
  harness.wants_chunks = true;
  harness.receive("\x01\x03He");
  CHECK(harness.told == Events{"He"});
  harness.receive("l");
  harness.receive("\x00\x00"s);  // an empty fragment is no chunk
  CHECK(harness.told == Events{"He", "l"});
  CHECK(harness.connection.memory_held() == 0);
  harness.receive("\x89\x01!\x80\x02lo");
  CHECK(harness.events == Events{"text Hello"});
  CHECK(harness.sent() == client_frame(0x8a, "!"));
  harness.receive("\x02\x01x");
  harness.receive("\x80\x00"s);  // the last chunk may be empty
  CHECK(harness.events == Events{"text Hello", "binary x"});
}

TEST_CASE("chunks: a declared GiB is told as it comes and never held", "[connection]") {
  Harness harness({.max_message = SIZE_MAX});
  harness.wants_chunks = true;
  harness.receive("\x82\x7f\x00\x00\x00\x00\x40\x00\x00\x00"s);
  CHECK(harness.connection.memory_held() == 0);
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 100; ++i) {
    harness.receive(piece);
    CHECK(harness.connection.memory_held() == 0);
  }
  CHECK(harness.told.size() == 100);
}

TEST_CASE("chunks: max_message bounds their sum", "[connection]") {
  Harness harness({.max_message = 5});
  harness.wants_chunks = true;
  harness.receive("\x01\x03Hel");
  harness.receive("\x00\x03"s);  // judged before its bytes come
  CHECK(harness.failure() == ErrorCode::kMessageTooBig);
  CHECK(harness.told == Events{"Hel"});
}

TEST_CASE("chunks: no piece holds a byte that UTF-8 forbids (RFC 6455 8.1)", "[connection]") {
  Harness harness;
  harness.wants_chunks = true;
  harness.receive("\x01\x02\xe2\x82");
  harness.receive("\x00\x04\xac"s);
  harness.receive("a\xff");
  CHECK(harness.told == Events{"\xe2\x82", "\xac"});
  CHECK(harness.failure() == ErrorCode::kInvalidUtf8);

  Harness cut;  // complete but for the last character
  cut.wants_chunks = true;
  cut.receive("\x01\x01\xe2\x80\x01\x82");
  CHECK(cut.told == Events{"\xe2"});
  CHECK(cut.failure() == ErrorCode::kInvalidUtf8);
}

TEST_CASE("chunks: pause(), stop() and close() inside one have their effect", "[connection]") {
  const std::string frames = "\x01\x03Hel\x80\x02lo\x81\x01x";
  Harness paused;
  paused.wants_chunks = true;
  paused.during_chunk = [&] { paused.connection.pause(paused.now); };
  paused.receive(frames);
  CHECK(paused.told == Events{"Hel"});
  paused.connection.resume(paused.now, paused);
  CHECK(paused.events == Events{"text Hello"});
  paused.connection.resume(paused.now, paused);
  CHECK(paused.events == Events{"text Hello", "text x"});

  Harness stopped;
  stopped.wants_chunks = true;
  stopped.during_chunk = [&] { stopped.connection.stop(); };
  stopped.receive(frames);
  CHECK(stopped.told == Events{"Hel"});
  CHECK(stopped.events.empty());

  Harness closing;
  closing.wants_chunks = true;
  closing.during_chunk = [&] { closing.connection.close(1000, {}, closing.now); };
  closing.receive(frames);
  CHECK(closing.events == Events{"text Hello", "text x"});
}

TEST_CASE("chunks: whether they are wanted is asked when a message begins", "[connection]") {
  Harness harness;
  harness.receive("\x01\x03Hel");
  harness.wants_chunks = true;
  harness.receive("\x80\x02lo\x01\x01x");
  CHECK(harness.events == Events{"text Hello"});
  CHECK(harness.told == Events{"x"});
  harness.wants_chunks = false;
  harness.receive("\x80\x01y");
  CHECK(harness.events == Events{"text Hello", "text xy"});
}

}  // namespace ws::protocol
