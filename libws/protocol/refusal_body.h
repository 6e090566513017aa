// SPDX-License-Identifier: MIT
// The body of a response that refuses the upgrade: as much of it as an error message may need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <ws/error.h>

namespace ws::protocol {

inline constexpr std::size_t kMaxRefusalBody = std::size_t{64} << 10;

// Framed by Content-Length, by chunks or by the end of the connection (RFC 9112 section 6.3). Ends
// early, without complaint, when it is full or its framing makes no sense: the status says more.
class RefusalBody {
 public:
  explicit RefusalBody(const HttpResponse& head);

  // Appends to `body`. True: it is complete, or as complete as it gets.
  [[nodiscard]] bool receive(std::span<const std::byte> bytes, std::string& body);

  [[nodiscard]] bool is_complete() const { return part_ == Part::kEnd; }

 private:
  enum class Part : std::uint8_t { kUntilEof, kCounted, kChunkSize, kChunk, kChunkEnd, kEnd };

  void set_content_length(const HttpResponse& head);
  void take_chunk_size_byte(char c);
  void take_chunk_end_byte(char c);
  [[nodiscard]] std::span<const std::byte> take_data(std::span<const std::byte> bytes,
                                                     std::string& body);

  Part part_ = Part::kUntilEof;
  std::uint64_t left_ = 0;     // of the body or the chunk, or its size so far
  std::size_t line_size_ = 0;  // of a chunk's first line so far
  bool is_in_digits_ = true;   // before a chunk extension
};

}  // namespace ws::protocol
