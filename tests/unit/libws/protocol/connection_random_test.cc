// SPDX-License-Identifier: MIT
// Connections under random frames and random messages, with injected seeds: the same bytes must
// mean the same as to the reference parser, however they are cut and whether they are told whole or
// in chunks.
#include <random>

#include <zlib.h>

#include "connection_harness.h"
#include "support/reference_parser.h"

namespace ws::protocol {
namespace {

using namespace std::string_literals;
using State = ConnectionState;

constexpr std::size_t kLongestMessage = 70'000;

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  // 0 to `bound` - 1.
  std::size_t below(std::size_t bound) { return engine_() % bound; }

  bool one_in(std::size_t chance) { return below(chance) == 0; }

  template <typename T>
  T pick(std::initializer_list<T> choices) {
    return choices.begin()[below(choices.size())];
  }

  std::string bytes(std::size_t size) {
    std::string result(size, '\0');
    for (char& byte : result) {
      byte = static_cast<char>(engine_());
    }
    return result;
  }

  // Valid UTF-8 that compresses, of about `size` bytes.
  std::string text(std::size_t size) {
    std::string result;
    while (result.size() < size) {
      result += pick({"word ", "Hello", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "x",
                      "a longer run of the same letters, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"});
    }
    return result;
  }

 private:
  std::mt19937 engine_;
};

// A server's compressor over plain zlib, which flushes in every way that RFC 7692 permits.
class ServerDeflater {
 public:
  explicit ServerDeflater(Random& random) : random_(random) {
    REQUIRE(deflateInit2(&stream_, random.pick({0, 1, 6, 9}), Z_DEFLATED, -random.pick({9, 11, 15}),
                         random.pick({1, 5, 9}),
                         random.pick({Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED})) ==
            Z_OK);
  }

  ~ServerDeflater() { deflateEnd(&stream_); }

  ServerDeflater(const ServerDeflater&) = delete;
  ServerDeflater& operator=(const ServerDeflater&) = delete;

  std::string message(std::string_view text) {
    std::string out;
    while (random_.one_in(2) && !text.empty()) {
      const std::size_t size = 1 + random_.below(text.size());
      const int flush = random_.pick({Z_NO_FLUSH, Z_BLOCK, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH});
      add(text.substr(0, size), flush, out);
      text.remove_prefix(size);
    }
    if (random_.one_in(4)) {
      add(text, Z_FINISH, out);
      return out + '\0';  // RFC 7692 section 7.2.3.4
    }
    add(text, Z_FULL_FLUSH, out);  // not merged with an empty flush before it, as Z_SYNC_FLUSH is
    REQUIRE(out.substr(out.size() - 4) == "\x00\x00\xff\xff"s);
    return out.substr(0, out.size() - 4);
  }

 private:
  void add(std::string_view text, int flush, std::string& out) {
    std::string buffer(kLongestMessage * 2, '\0');  // what it kept before may come out as well
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_.avail_in = static_cast<uInt>(text.size());
    stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream_.avail_out = static_cast<uInt>(buffer.size());
    const int result = deflate(&stream_, flush);
    REQUIRE((stream_.avail_in == 0 && stream_.avail_out > 0));
    out.append(buffer, 0, buffer.size() - stream_.avail_out);
    if (result == Z_STREAM_END) {
      REQUIRE(deflateReset(&stream_) == Z_OK);
    } else if (flush == Z_FULL_FLUSH &&
               (out.size() < 4 || out.substr(out.size() - 4) != "\x00\x00\xff\xff"s)) {
      out += "\x00\x00\x00\xff\xff"s;  // nothing was left to flush
    }
  }

  Random& random_;
  z_stream stream_{};
};

// `payload` as one message in random fragments, with control frames in between.
std::string fragmented(Random& random, unsigned first, std::string_view payload,
                       std::size_t fragment_limit) {
  std::string frames;
  bool is_last = false;
  while (!is_last) {
    is_last = random.one_in(3) || payload.empty();
    const std::size_t size =
        is_last ? payload.size() : random.below(std::min(payload.size(), fragment_limit) + 1);
    frames += server_frame(first | (is_last ? 0x80U : 0U), payload.substr(0, size));
    payload.remove_prefix(size);
    first = 0;
    while (!is_last && random.one_in(3)) {
      frames += server_frame(random.pick({0x89U, 0x8aU}), random.bytes(random.below(126)));
    }
  }
  return frames;
}

// Any frame, mostly one that may stand there. Its payload is there, whatever its header says.
std::string any_frame(Random& random, ServerDeflater& deflater, bool& is_in_message) {
  auto opcode =
      random.one_in(60) ? random.below(16) : random.pick<std::size_t>({0, 0, 1, 1, 2, 9, 10});
  if (opcode <= 2 && !random.one_in(20)) {
    opcode = is_in_message ? 0 : std::max<std::size_t>(opcode, 1);
  }
  const bool is_final = opcode >= 8 ? !random.one_in(40) : random.one_in(2);
  is_in_message = opcode <= 2 ? !is_final : is_in_message;
  unsigned first = static_cast<unsigned>(opcode) | (is_final ? 0x80U : 0U);
  std::string payload = random.one_in(20) ? random.bytes(random.below(40))
                                          : random.text(random.below(random.one_in(10) ? 400 : 30));
  if (opcode >= 8 && payload.size() > 125 && !random.one_in(5)) {
    payload.resize(125);
  }
  if ((opcode == 1 || opcode == 2) && random.one_in(3)) {
    first |= 0x40U;
    payload = random.one_in(30) ? payload : deflater.message(payload);
  }
  if (random.one_in(60)) {
    first ^= 0x10U << random.below(3);
  }
  std::string frame = server_frame(first, payload);
  if (random.one_in(60)) {
    frame[1] = static_cast<char>(frame[1] | '\x80');
  } else if (random.one_in(60) && payload.size() < 126) {  // a length that is not the shortest
    frame = frame.substr(0, 1) + "\x7e\x00"s + static_cast<char>(payload.size()) + payload;
  }
  return frame;
}

std::string any_close(Random& random) {
  const auto code = random.pick({1000U, 1001U, 1005U, 1011U, 999U, 2000U, 3000U, 4999U, 5000U});
  return random.pick({server_frame(0x88, ""), server_frame(0x88, "x"),
                      server_frame(0x88, close_payload(code, "bye")),
                      server_frame(0x88, close_payload(1000, "\xff"))});
}

support::Chunks random_chunks(Random& random, std::string_view bytes, std::size_t longest) {
  support::Chunks chunks;
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), 1 + random.below(longest));
    chunks.push_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return chunks;
}

std::string expected_answers(const support::ReferenceOutcome& outcome) {
  std::string sent;
  for (const std::string& ping : outcome.pings) {
    sent += client_frame(0x8a, ping);
  }
  if (outcome.end == support::ReferenceOutcome::End::kClosed) {
    sent += client_frame(0x88, outcome.code == 1005 ? "" : close_payload(outcome.code));
  }
  return sent;
}

void expect_as_reference(const support::ReferenceOutcome& expected, const support::Chunks& chunks,
                         const ConnectionSettings& settings, bool wants_chunks) {
  using End = support::ReferenceOutcome::End;
  Harness harness(settings);
  harness.wants_chunks = wants_chunks;
  harness.receive_all(chunks);
  REQUIRE(harness.events == expected.events);
  std::string sent = harness.sent();
  const std::string answers = expected_answers(expected);
  REQUIRE(sent.substr(0, answers.size()) == answers);
  sent.erase(0, answers.size());
  switch (expected.end) {
    case End::kNone:
      REQUIRE(harness.connection.state() == State::kOpen);
      REQUIRE(sent.empty());
      break;
    case End::kClosed:
      REQUIRE(harness.connection.state() == State::kClosed);
      REQUIRE(harness.connection.close_info().code == expected.code);
      REQUIRE(sent.empty());
      break;
    case End::kFailed:
      REQUIRE(harness.connection.state() == State::kFailing);
      REQUIRE(sent.size() > 8);
      REQUIRE(sent == client_frame(0x88, close_payload(expected.code, sent.substr(8))));
  }
}

ConnectionSettings settings_of(const support::ReferenceLimits& limits, bool deflate) {
  ConnectionSettings settings{.max_message = limits.max_message,
                              .max_empty_fragments = limits.max_empty_fragments,
                              .max_queued_pongs = SIZE_MAX};
  if (deflate) {
    settings.deflate.emplace();
  }
  return settings;
}

void expect_as_reference_however_cut(Random& random, std::string_view bytes,
                                     const support::ReferenceLimits& limits, bool deflate) {
  const auto settings = settings_of(limits, deflate);
  const auto expected = support::parse_as_client(bytes, limits, deflate);
  for (const bool wants_chunks : {false, true}) {
    INFO("told in chunks: " << wants_chunks);
    expect_as_reference(expected, {bytes}, settings, wants_chunks);
    expect_as_reference(expected, support::byte_by_byte(bytes), settings, wants_chunks);
    for (const std::size_t longest : {3U, 30U, 1000U}) {
      expect_as_reference(expected, random_chunks(random, bytes, longest), settings, wants_chunks);
    }
  }
}

}  // namespace

TEST_CASE("random messages: whatever a server compresses and fragments arrives, under every split",
          "[connection][OWN-chunking][OWN-differential]") {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    ServerDeflater deflater(random);
    std::string frames;
    std::vector<std::string> events;
    for (int message = 0; message < 4; ++message) {
      const std::string text = random.text(random.below(40));
      const bool is_compressed = !random.one_in(4);
      const std::string control_free =
          is_compressed ? server_frame(0xc1, deflater.message(text)) : server_frame(0x81, text);
      frames += control_free;
      events.push_back("text " + text);
    }
    const ConnectionSettings settings{.deflate = DeflateSettings{}};
    expect(frames, {.events = events}, settings);
  }
}

TEST_CASE("random messages: long ones, in random fragments and random chunks",
          "[connection][OWN-chunking]") {
  for (unsigned seed = 100; seed < 160; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    ServerDeflater deflater(random);
    std::string bytes;
    for (int message = 0; message < 6; ++message) {
      const std::string text =
          random.text(random.below(random.pick<std::size_t>({100, kLongestMessage})));
      const bool is_compressed = !random.one_in(4);
      bytes += fragmented(random, is_compressed ? 0x41 : 0x01,
                          is_compressed ? deflater.message(text) : text,
                          random.pick<std::size_t>({10, 5000}));
    }
    const support::ReferenceLimits limits{.max_message = 1U << 20U, .max_empty_fragments = 10'000};
    const auto expected = support::parse_as_client(bytes, limits, true);
    REQUIRE(expected.end == support::ReferenceOutcome::End::kNone);
    for (const std::size_t longest : {100U, 10'000U, 300'000U}) {
      expect_as_reference(expected, random_chunks(random, bytes, longest),
                          settings_of(limits, true), random.one_in(2));
    }
  }
}

TEST_CASE("random frames: good and bad ones mean the same as to the reference parser",
          "[connection][OWN-differential][OWN-chunking][CVE-judged-frame][CVE-bounds]") {
  std::array<int, 3> ends{};
  for (unsigned seed = 1000; seed < 2500; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    ServerDeflater deflater(random);
    const bool deflate = !random.one_in(4);
    const support::ReferenceLimits limits{
        .max_message = random.pick<std::size_t>({20, 300, 100'000}), .max_empty_fragments = 2};
    std::string bytes;
    bool is_in_message = false;
    const std::size_t count = 1 + random.below(8);
    for (std::size_t i = 0; i < count; ++i) {
      bytes += any_frame(random, deflater, is_in_message);
    }
    if (random.one_in(3)) {
      bytes += any_close(random) + hello();
    }
    ++ends.at(static_cast<std::size_t>(support::parse_as_client(bytes, limits, deflate).end));
    expect_as_reference_however_cut(random, bytes, limits, deflate);
  }
  for (const int count : ends) {  // the generator still reaches all of them
    CHECK(count > 50);
  }
}

TEST_CASE("random frames: headers of random bytes never do more than the reference allows",
          "[connection][OWN-differential][CVE-bounds]") {
  for (unsigned seed = 5000; seed < 6000; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    const std::string noise = random.bytes(1 + random.below(60));
    const auto settings = settings_of({.max_message = 50, .max_empty_fragments = 2}, true);
    // Where noise ends within a frame the reference says nothing; the library must agree with
    // itself.
    Harness whole(settings);
    whole.receive(noise);
    const std::string sent = whole.sent();
    for (const auto& chunks : {support::byte_by_byte(noise), random_chunks(random, noise, 5)}) {
      Harness cut(settings);
      cut.receive_all(chunks);
      REQUIRE(cut.events == whole.events);
      REQUIRE(cut.sent() == sent);
      REQUIRE(cut.connection.state() == whole.connection.state());
    }
    CHECK(whole.connection.memory_held() < 100'000);
  }
}

}  // namespace ws::protocol
