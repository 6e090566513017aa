// SPDX-License-Identifier: MIT
// What a hostile server tries against a client's memory and time. Memory is what operator new gave
// out at most, and what zlib holds; time is counted work, compared between a small and a large
// attack, and never the clock.
#include <zlib.h>

#include "connection_harness.h"
#include "protocol/handshake.h"
#include "support/allocation_counter.h"

namespace ws::protocol {
namespace {

using namespace std::string_literals;
using State = ConnectionState;
using support::AllocationWatch;

constexpr std::size_t kKib = std::size_t{1} << 10;
constexpr std::size_t kMib = std::size_t{1} << 20;

// Receives without a record, and counts what it is told.
class Victim final : public ConnectionEvents {
 public:
  explicit Victim(const ConnectionSettings& settings)
      : connection(settings, random_, output, TimePoint{}) {}

  void on_message(MessageType /*type*/, std::string_view data) override {
    ++messages;
    message_bytes += data.size();
  }

  void on_pong(std::string_view /*payload*/) override {}

  // In one buffer that is used again, as a loop's is.
  void receive(std::string_view bytes) {
    buffer_.resize(std::max(buffer_.size(), bytes.size()));
    std::copy_n(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size(), buffer_.begin());
    connection.receive(std::span(buffer_).first(bytes.size()), TimePoint{}, *this);
    most_held = std::max(most_held, connection.memory_held());
  }

  std::size_t messages = 0;
  std::size_t message_bytes = 0;
  std::size_t most_held = 0;
  ByteQueue output;

 private:
  support::FixedRandom random_ = support::zero_random();
  std::vector<std::byte> buffer_ = std::vector<std::byte>(256 * kKib);

 public:
  Connection connection;
};

// A MiB of zeros as blocks that refer to nothing before them, so they may be repeated.
std::string compressed_mib() {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string zeros(kMib, '\0');
  std::string out(8 * kKib, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(zeros.data());
  stream.avail_in = static_cast<uInt>(zeros.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FULL_FLUSH) == Z_OK);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

TEST_CASE("hostile: a zip bomb of 1 GiB takes max_message of memory, and no more is inflated",
          "[hostile]") {
  const std::string mib = compressed_mib();
  std::string payload;
  for (std::size_t i = 0; i < kKib; ++i) {
    payload += mib;
  }
  for (const std::size_t fragment : {std::size_t{10}, kKib, payload.size()}) {
    Victim victim({.max_message = 4 * kMib, .deflate = DeflateSettings{}});
    const AllocationWatch watch;
    std::size_t offset = 0;
    while (victim.connection.state() == State::kOpen && offset < payload.size()) {
      const auto piece = std::string_view(payload).substr(offset, fragment);
      victim.receive(server_frame(offset == 0 ? 0x42 : 0x00, piece));
      offset += piece.size();
    }
    CHECK(victim.connection.failure()->code == ErrorCode::kMessageTooBig);
    CHECK_THAT(victim.connection.failure()->message, ContainsSubstring("limit 4194304"));
    CHECK(victim.messages == 0);
    CHECK(victim.most_held <= 4 * kMib + 42 * kKib);
    if (fragment < payload.size()) {
      // While the buffer grows, the old one is there as well.
      CHECK(watch.most() < 8 * kMib + 64 * kKib);
      CHECK(offset < 8 * kKib);  // 4 MiB need no more of it
    }
  }
}

TEST_CASE("hostile: a bomb of final blocks, and one of empty blocks, inflate to nothing held",
          "[hostile]") {
  for (const std::string& block : {"\x03\x00"s, "\x00\x00\x00\xff\xff"s}) {
    std::string payload;
    while (payload.size() < kMib) {
      payload += block;
    }
    payload += '\0';  // the tail belongs behind it
    Victim victim({.max_message = kKib, .deflate = DeflateSettings{}});
    const AllocationWatch watch;
    victim.receive(server_frame(0xc2, payload));
    CHECK(victim.messages == 1);
    CHECK(victim.message_bytes == 0);
    CHECK(watch.most() < 4 * kMib);  // the test's own copies of the frame
    CHECK(victim.most_held <= 42 * kKib);
  }
}

TEST_CASE("hostile: a declared GiB takes the memory of what came", "[hostile]") {
  Victim victim({.max_message = 2 * kKib * kMib});
  const AllocationWatch watch;
  victim.receive("\x82\x7f\x00\x00\x00\x00\x40\x00\x00\x00"s);
  victim.receive(std::string(10, 'x'));
  CHECK(watch.most() < 5 * kKib);
  for (int i = 0; i < 100; ++i) {
    victim.receive(std::string(kKib, 'x'));
  }
  CHECK(watch.most() < 400 * kKib);
  CHECK(victim.connection.state() == State::kOpen);
}

TEST_CASE("hostile: a million empty fragments end at the limit, a million of a byte cost a byte",
          "[hostile]") {
  Victim empty({});
  std::string fragments = "\x02\x00"s;
  for (int i = 0; i < 1000; ++i) {
    fragments += "\x00\x00"s;
  }
  const AllocationWatch watch;
  for (int i = 0; i < 1000; ++i) {
    empty.receive(fragments.substr(i == 0 ? 0 : 2));
  }
  CHECK(empty.connection.failure()->code == ErrorCode::kMessageTooBig);
  CHECK(watch.most() < 8 * kKib);

  const auto work_for = [](int thousands) {
    Victim victim({});
    std::string bytes = "\x02\x01x";
    for (int i = 0; i < 1000; ++i) {
      bytes += "\x00\x01x"s;
    }
    const AllocationWatch work;
    for (int i = 0; i < thousands; ++i) {
      victim.receive(std::string_view(bytes).substr(i == 0 ? 0 : 3));
    }
    victim.receive("\x80\x00"s);
    CHECK(victim.message_bytes == static_cast<std::size_t>(thousands) * 1000 + 1);
    CHECK(work.most() < 4 * victim.message_bytes + 8 * kKib);
    return work.total();
  };
  CHECK(work_for(1000) < 11 * work_for(100));
}

TEST_CASE("hostile: a ping flood with a blocked writer takes the memory of 64 pongs", "[hostile]") {
  std::string pings;
  for (int i = 0; i < 1000; ++i) {
    pings += server_frame(0x89, std::string(125, '!'));
  }
  Victim victim({});
  const AllocationWatch watch;
  for (int i = 0; i < 1000; ++i) {
    victim.receive(pings);  // a million, and nothing of the output is taken
  }
  CHECK(watch.most() < 24 * kKib);
  CHECK(victim.output.size() == std::size_t{64} * (125 + 6));
  CHECK(victim.connection.state() == State::kOpen);
}

TEST_CASE("hostile: a header that drips byte by byte ends at max_header (CVE-2023-43669)",
          "[hostile]") {
  const auto drip = [](std::size_t max_header, std::string_view repeated) {
    HandshakeRequest request;
    request.url = {.host = "server.example.com", .target = "/", .user = {}, .password = {}};
    request.max_header = max_header;
    support::FixedRandom random;
    ClientHandshake handshake(request, random);
    std::string head = "HTTP/1.1 101 Switching Protocols\r\n";
    while (head.size() < 2 * max_header) {
      head += repeated;
    }
    const AllocationWatch watch;
    std::size_t count = 0;
    for (const char& byte : head) {
      ++count;
      if (handshake.receive(std::as_bytes(std::span(&byte, 1))) !=
          ClientHandshake::Progress::kNeedMore) {
        break;
      }
    }
    CHECK(handshake.error().code == ErrorCode::kHandshakeRejected);
    CHECK(count <= max_header + 1);
    CHECK(watch.most() < 4 * max_header + 64 * kKib);
    return watch.total();
  };
  for (const std::string_view repeated : {"X-Field: value\r\n", "x"}) {
    CHECK(drip(64 * kKib, repeated) < 8 * drip(8 * kKib, repeated) + 64 * kKib);
  }
}

}  // namespace ws::protocol
