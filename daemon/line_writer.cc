// SPDX-License-Identifier: MIT
// A message without anything to replace is searched once and copied once; only one that needs it is
// taken apart.
#include "daemon/line_writer.h"

#include <cassert>
#include <cstring>
#include <span>
#include <string>

#include "daemon/length_prefix.h"
#include "daemon/local_encoding.h"
#include "daemon/searching_copy.h"

namespace wsbridged {
namespace {

using config::BinaryMessages;
using config::EmbeddedDelimiter;

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::size_t kMaxDelimiter = 16;
// Pieces in which messages are escaped and encoded: whole groups of base64.
constexpr std::size_t kEscapePiece = 4096;
constexpr std::size_t kEncodePiece = 3 * kEscapePiece;
constexpr std::string_view kBase64AndHex =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

constexpr Written kRefusedBinary{.refused = Written::Refused::kBinary, .line_count = 0};
constexpr Written kRefusedDelimiter{.refused = Written::Refused::kEmbeddedDelimiter,
                                    .line_count = 0};

constexpr std::size_t kRun = 512;  // bytes of messages

// How many messages share a reservation: what of a segment is too small for all of them stays
// empty.
std::size_t run_length(std::span<const ws::Message> messages) {
  std::size_t size = 0;
  std::size_t count = 0;
  do {
    size += messages[count++].data.size();
  } while (count < messages.size() && size + messages[count].data.size() <= kRun);
  return count;
}

// Writes messages as lines until one needs more than to be copied.
class PlainRun {
 public:
  PlainRun(const config::Framing& framing, char delimiter)
      : takes_binary_(framing.binary_messages == BinaryMessages::kRaw),
        is_searched_(framing.embedded_delimiter != EmbeddedDelimiter::kKeep),
        delimiter_(static_cast<std::byte>(delimiter)),
        searching_(delimiter) {}

  // One reservation for all of them, however few are written in the end.
  PlainLines write(std::span<const ws::Message> messages, ws::ByteQueue& out) const {
    std::size_t size = messages.size();  // the delimiters
    for (const ws::Message& message : messages) {
      size += message.data.size();
    }
    PlainLines plain;
    std::byte* to = out.reserve(size).data();
    for (const auto& [type, data] : messages) {
      if (type == ws::MessageType::kBinary && !takes_binary_) {
        break;
      }
      if (searching_.copy(data, to) && is_searched_) {
        break;
      }
      to += data.size();
      *to++ = delimiter_;
      plain.bytes += data.size();
      ++plain.count;
    }
    out.commit(plain.bytes + plain.count);
    return plain;
  }

 private:
  bool takes_binary_;
  bool is_searched_;
  std::byte delimiter_;
  SearchingCopy searching_;
};

std::size_t encoded_size(BinaryMessages encoding, std::size_t size) {
  return encoding == BinaryMessages::kHex ? 2 * size : base64_size(size);
}

void encode(BinaryMessages encoding, std::string_view bytes, std::span<std::byte> out) {
  if (encoding == BinaryMessages::kHex) {
    encode_hex(bytes, out);
  } else {
    encode_base64(bytes, out);
  }
}

// Copies into `out` and returns what of it is left.
std::span<std::byte> put(std::string_view bytes, std::span<std::byte> out) {
  if (!bytes.empty()) {
    std::memcpy(out.data(), bytes.data(), bytes.size());
  }
  return out.subspan(bytes.size());
}

}  // namespace

LineWriter::LineWriter(const config::Framing& framing)
    : framing_(framing),
      delimiter_(from_utf8(framing.encoding, framing.delimiter).bytes),
      escaper_(delimiter_),
      is_usual_(framing.mode == config::FramingMode::kLine && delimiter_.size() == 1 &&
                framing.encoding == config::Encoding::kUtf8 &&
                framing.embedded_delimiter != EmbeddedDelimiter::kEscape) {
  const std::string_view delimiter = delimiter_;
  assert(delimiter.size() <= kMaxDelimiter);
  for (std::size_t k = 1; k < delimiter.size(); ++k) {
    if (delimiter.ends_with(delimiter.substr(0, delimiter.size() - k))) {
      periods_ = static_cast<std::uint16_t>(periods_ | 1U << k);
    }
  }
}

Written LineWriter::write(const ws::Message& message, ws::ByteQueue& out) const {
  const bool is_foreign = framing_.encoding != config::Encoding::kUtf8 &&
                          message.type == ws::MessageType::kText &&
                          ascii_prefix(message.data) < message.data.size();
  return is_foreign ? write_converted(message.data, out) : write_local(message, out);
}

PlainLines LineWriter::write_plain(std::span<const ws::Message> messages,
                                   ws::ByteQueue& out) const {
  PlainLines plain;
  if (!is_usual_) {
    return plain;
  }
  const PlainRun run(framing_, delimiter_.front());
  while (plain.count < messages.size()) {
    const auto rest = messages.subspan(plain.count);
    const std::size_t length = run_length(rest);
    const PlainLines written = run.write(rest.first(length), out);
    plain.count += written.count;
    plain.bytes += written.bytes;
    if (written.count < length) {
      break;
    }
  }
  return plain;
}

Written LineWriter::write_converted(std::string_view text, ws::ByteQueue& out) const {
  const LocalText local = from_utf8(framing_.encoding, text);
  Written written = write_local({ws::MessageType::kText, local.bytes}, out);
  written.lacked = local.replaced_count > 0;
  written.altered = written.altered || written.lacked;
  return written;
}

Written LineWriter::write_local(const ws::Message& message, ws::ByteQueue& out) const {
  switch (framing_.mode) {
    case config::FramingMode::kLine:
      return write_line(message, out);
    case config::FramingMode::kLengthPrefixed:
      append_length_prefix(message.data.size(), out);
      break;
    case config::FramingMode::kRaw:
      break;
  }
  out.append(message.data);
  return {};
}

Written LineWriter::write_line(const ws::Message& message, ws::ByteQueue& out) const {
  return message.type == ws::MessageType::kBinary ? write_binary(message.data, out)
                                                  : write_text(message.data, out);
}

Written LineWriter::write_binary(std::string_view bytes, ws::ByteQueue& out) const {
  switch (framing_.binary_messages) {
    case BinaryMessages::kReject:
      return kRefusedBinary;
    case BinaryMessages::kRaw:
      return write_text(bytes, out);
    case BinaryMessages::kBase64:
    case BinaryMessages::kHex:
      break;
  }
  if (delimiter_.find_first_of(kBase64AndHex) == kNone) {
    write_encoded(bytes, out);
    return {};
  }
  // The code itself may hold such a delimiter, or what of it is escaped: it is then treated as any
  // other text.
  std::string text(encoded_size(framing_.binary_messages, bytes.size()), '\0');
  encode(framing_.binary_messages, bytes, std::as_writable_bytes(std::span(text)));
  return write_text(text, out);
}

void LineWriter::write_encoded(std::string_view bytes, ws::ByteQueue& out) const {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kEncodePiece);
    const std::size_t size = encoded_size(framing_.binary_messages, piece.size());
    encode(framing_.binary_messages, piece, out.reserve(size));
    out.commit(size);
    bytes.remove_prefix(piece.size());
  }
  out.append(delimiter_);
}

Written LineWriter::write_text(std::string_view text, ws::ByteQueue& out) const {
  if (framing_.embedded_delimiter == EmbeddedDelimiter::kEscape) {
    return write_escaped(text, out);
  }
  if (framing_.embedded_delimiter == EmbeddedDelimiter::kKeep || find_delimiter(text, 0) == kNone) {
    append_line(text, out);
    return {};
  }
  switch (framing_.embedded_delimiter) {
    case EmbeddedDelimiter::kSpace:
      return write_with_spaces(text, out);
    case EmbeddedDelimiter::kSplit:
      return write_split(text, out);
    default:
      return kRefusedDelimiter;
  }
}

Written LineWriter::write_escaped(std::string_view text, ws::ByteQueue& out) const {
  if (escaper_.clean_prefix(text) == text.size()) {
    append_line(text, out);
    return {};
  }
  if (!escaper_.is_usable()) {
    return kRefusedDelimiter;
  }
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kEscapePiece);
    out.commit(escaper_.escape(piece, out.reserve(LineEscaper::kMaxEscape * piece.size())));
    text.remove_prefix(piece.size());
  }
  out.append(delimiter_);
  return {};
}

Written LineWriter::write_with_spaces(std::string_view text, ws::ByteQueue& out) const {
  const std::string_view delimiter = delimiter_;
  if (delimiter.find(' ') != kNone) {
    return kRefusedDelimiter;
  }
  const std::span<std::byte> reserved = out.reserve(text.size() + delimiter.size());
  std::span<std::byte> room = reserved;
  std::size_t from = 0;
  for (std::size_t hit = find_delimiter(text, 0); hit != kNone; hit = find_delimiter(text, from)) {
    room = put(" ", put(text.substr(from, hit - from), room));
    from = std::min(hit + delimiter.size(), text.size());
  }
  room = put(delimiter, put(text.substr(from), room));
  out.commit(reserved.size() - room.size());
  return {.altered = true};
}

Written LineWriter::write_split(std::string_view text, ws::ByteQueue& out) const {
  const std::size_t delimiter_size = delimiter_.size();
  std::size_t line_count = 0;
  std::size_t from = 0;
  for (std::size_t hit = find_delimiter(text, 0); hit != kNone; hit = find_delimiter(text, from)) {
    from = hit + delimiter_size;
    if (from > text.size()) {
      return kRefusedDelimiter;
    }
    ++line_count;
  }
  // The delimiters inside are those that end the pieces; only the last piece may still need one.
  if (from == text.size()) {
    out.append(text);
  } else {
    append_line(text, out);
    ++line_count;
  }
  return {.line_count = line_count};
}

void LineWriter::append_line(std::string_view line, ws::ByteQueue& out) const {
  const std::size_t size = line.size() + delimiter_.size();
  (void)put(delimiter_, put(line, out.reserve(size)));
  out.commit(size);
}

// Where, not before `from`, a reader of `text` and the delimiter behind it sees a delimiter that is
// not that last one.
std::size_t LineWriter::find_delimiter(std::string_view text, std::size_t from) const {
  const std::string_view delimiter = delimiter_;
  const std::size_t hit = text.find(delimiter, from);
  if (hit != kNone || periods_ == 0) {
    return hit;
  }
  const std::string_view rest = text.substr(from);
  for (std::size_t k = delimiter.size() - 1; k > 0; --k) {
    if ((periods_ >> k & 1U) != 0 && rest.ends_with(delimiter.substr(0, k))) {
      return text.size() - k;
    }
  }
  return kNone;
}

}  // namespace wsbridged
