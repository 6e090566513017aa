// SPDX-License-Identifier: MIT
// The two directions of permessage-deflate (RFC 7692 section 7.2) over zlib: pieces of messages in,
// pieces of deflated or inflated bytes out, never more than the caller made room for. It knows no
// frames and has no limits; Connection has both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "protocol/frame.h"

struct z_stream_s;

namespace ws::protocol {

// zlib makes no raw stream with less.
inline constexpr int kMinRawWindowBits = 9;

// What was agreed on, seen from one end, and how that end compresses.
struct DeflateSettings {
  int window_bits = 15;  // of what we send, 8 to 15; below kMinRawWindowBits we deflate nothing
  bool no_context_takeover = false;       // of ours: each message begins with an empty window
  bool peer_no_context_takeover = false;  // of the peer's
  int level = 6;                          // zlib's, 1 to 9
  int memory_level = 8;                   // zlib's, 1 to 9
  std::size_t threshold = 128;            // bytes; shorter messages are sent as they are
};

// RFC 7692 section 7.2.1: what ends every compressed message and is not sent.
inline constexpr std::size_t kDeflateTail = 4;

// Compresses one message after the other with one context. Throws std::bad_alloc.
class Deflater {
 public:
  // Precondition: window_bits is 9 to 15.
  explicit Deflater(const DeflateSettings& settings);
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool is_full = false;  // `out` is: call again with the rest of the input, if only an empty one
  };

  // With Fin::kFinal the message is flushed: when `is_full` is false, its last kDeflateTail bytes
  // were produced, by this call or by those before.
  [[nodiscard]] Step deflate(std::span<const std::byte> input, std::span<std::byte> out, Fin fin);

  // Bytes of memory held by zlib.
  [[nodiscard]] std::size_t allocated() const { return allocated_; }

 private:
  std::size_t allocated_ = 0;
  std::unique_ptr<z_stream_s> stream_;
};

// Decompresses one message after the other with one context: always with a window of 32 KiB, which
// fits whatever the peer chose. Throws std::bad_alloc, and nothing on what a peer sends.
class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  enum class Outcome : std::uint8_t {
    kNeedInput,  // all input is consumed
    kOutFull,    // `out` is: call again with the rest of the input, if only an empty one
    kEnd,        // of the message, after Fin::kFinal; ready for the next one
    kCorrupt,    // no DEFLATE data, or its end is missing; says nothing else from then on
  };

  struct Step {
    Outcome outcome = Outcome::kNeedInput;
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };

  // `out` must not be empty. A message without any compressed byte is taken for an empty one.
  [[nodiscard]] Step inflate(std::span<const std::byte> input, std::span<std::byte> out, Fin fin);

  // Bytes of memory held by zlib.
  [[nodiscard]] std::size_t allocated() const { return allocated_; }

 private:
  enum class Progress : std::uint8_t { kNone, kBlocks, kFinalBlock };

  [[nodiscard]] bool run();
  [[nodiscard]] Outcome end_message();
  [[nodiscard]] bool is_out_full() const;

  std::size_t allocated_ = 0;
  std::unique_ptr<z_stream_s> stream_;
  Progress progress_ = Progress::kNone;  // of the message under way
  std::uint8_t tail_taken_ = 0;          // bytes of the tail that were fed
};

}  // namespace ws::protocol
