// SPDX-License-Identifier: MIT
// Down: writes each message as a line, behind its length, or (in mode raw) as it is, by the
// policies of `framing`. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <ws/byte_queue.h>
#include <ws/options.h>

#include "config/config.h"
#include "daemon/text_codec.h"

namespace wsbridged {

struct Written {
  enum class Refused : unsigned char { kNo, kBinary, kEmbeddedDelimiter } refused = Refused::kNo;
  std::size_t line_count = 1;  // more with embedded_delimiter: split
  bool altered = false;        // by embedded_delimiter: space, or by the encoding
  bool lacked = false;         // a character that the encoding lacks was replaced
};

// Of messages that were written with nothing to look after.
struct PlainLines {
  std::size_t count = 0;  // of messages, and of lines: one each
  std::size_t bytes = 0;  // of the messages
};

// Immutable: all sessions of a bridge share one. What goes out is cut by the reader into the lines
// that were meant, whatever the message holds; only `keep` leaves that to the user. A delimiter
// counts as embedded, too, when the message ends in a part of it that would make the reader see the
// delimiter early ("a\n" before the delimiter "\n\n"): `space` and `escape` replace that part,
// `split` and `reject` refuse.
//
// Where a policy cannot work, a message that needs it is refused; the configuration should not let
// it come so far: `space` with a space in the delimiter, `escape` with a delimiter that begins with
// a backslash, 'x' or a digit.
//
// Text goes out in the local side's encoding, and only then is a delimiter looked for.
//
// A message that ends in '\r' keeps it before the delimiter "\n" (but for `escape`): a reader that
// strips "\r\n" loses it.
class LineWriter {
 public:
  // `framing` must outlive it; its delimiter has 1 to 16 bytes, and each character of it a place in
  // the encoding.
  explicit LineWriter(const config::Framing& framing);

  // Appends the message as a line to `out`; nothing when it is refused. A copy is
  // made only of a binary message whose base64 or hex may hold the delimiter, and of a text whose
  // characters have other bytes in the encoding.
  Written write(const ws::Message& message, ws::ByteQueue& out) const;

  // Does the same for the first messages of `messages`, as many as need nothing but to be copied:
  // with the usual framing (UTF-8, a delimiter of one byte, no escapes) those that do not hold it.
  // The rest, none of which was touched, begins with one for write(); perhaps that is all of them.
  [[nodiscard]] PlainLines write_plain(std::span<const ws::Message> messages,
                                       ws::ByteQueue& out) const;

 private:
  Written write_converted(std::string_view text, ws::ByteQueue& out) const;
  Written write_local(const ws::Message& message, ws::ByteQueue& out) const;
  Written write_line(const ws::Message& message, ws::ByteQueue& out) const;
  Written write_text(std::string_view text, ws::ByteQueue& out) const;
  Written write_binary(std::string_view bytes, ws::ByteQueue& out) const;
  void write_encoded(std::string_view bytes, ws::ByteQueue& out) const;
  Written write_escaped(std::string_view text, ws::ByteQueue& out) const;
  Written write_with_spaces(std::string_view text, ws::ByteQueue& out) const;
  Written write_split(std::string_view text, ws::ByteQueue& out) const;
  void append_line(std::string_view line, ws::ByteQueue& out) const;
  [[nodiscard]] std::size_t find_delimiter(std::string_view text, std::size_t from) const;

  const config::Framing& framing_;
  std::string delimiter_;  // local bytes
  LineEscaper escaper_;
  bool is_usual_ = false;      // write_plain() may take messages
  std::uint16_t periods_ = 0;  // bit k: the delimiter's first k bytes before it make it end early
};

}  // namespace wsbridged
