// SPDX-License-Identifier: MIT
#include "unit/daemon/reference_framing.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "unit/daemon/reference_text.h"

namespace wsbridged::reference {
namespace {

using config::BinaryMessages;
using config::EmbeddedDelimiter;
using config::Encoding;
using config::FramingMode;
using std::string;
using std::string_view;

constexpr std::size_t kNowhere = string::npos;

// ---- Up ----

string local_delimiter(const config::Framing& framing) {
  bool ignored = false;
  return framing.encoding == Encoding::kUtf8
             ? framing.delimiter
             : encoded(framing.encoding, framing.delimiter, ignored);
}

struct Cut {
  std::vector<string> lines;
  string rest;  // without delimiter, or an incomplete message
  bool is_too_long = false;
};

std::size_t part_of_delimiter(string_view rest, string_view delimiter) {
  std::size_t size = std::min(rest.size(), delimiter.size() - 1);
  while (!rest.ends_with(delimiter.substr(0, size))) {
    --size;
  }
  return size;
}

Cut cut_lines(const config::Framing& framing, string text) {
  Cut cut;
  const string delimiter = local_delimiter(framing);
  const bool drops_cr = delimiter == "\n" && !framing.keep_cr;
  for (std::size_t at = text.find(delimiter); at != kNowhere; at = text.find(delimiter)) {
    string line = text.substr(0, at);
    text.erase(0, at + delimiter.size());
    if (drops_cr && line.ends_with('\r')) {
      line.pop_back();
    }
    if (line.size() > framing.max_line) {
      cut.is_too_long = true;
      return cut;
    }
    cut.lines.push_back(line);
  }
  const std::size_t undecided =
      drops_cr && text.ends_with('\r') ? 1 : part_of_delimiter(text, delimiter);
  cut.is_too_long = text.size() - undecided > framing.max_line;
  cut.rest = text;
  return cut;
}

Cut cut_by_lengths(const config::Framing& framing, string text) {
  Cut cut;
  while (text.size() >= 4) {
    std::uint64_t size = 0;
    for (const char byte : text.substr(0, 4)) {
      size = size * 256 + static_cast<unsigned char>(byte);
    }
    cut.is_too_long = size > framing.max_line;
    if (cut.is_too_long || text.size() < 4 + size) {
      break;
    }
    cut.lines.push_back(text.substr(4, size));
    text.erase(0, 4 + size);
  }
  cut.rest = text;
  return cut;
}

Cut cut(const config::Framing& framing, const std::vector<string_view>& reads) {
  Cut raw;
  string text;
  for (const string_view read : reads) {
    text += read;
    if (!read.empty()) {
      raw.lines.emplace_back(read);
    }
  }
  switch (framing.mode) {
    case FramingMode::kLine:
      return cut_lines(framing, text);
    case FramingMode::kLengthPrefixed:
      return cut_by_lengths(framing, text);
    case FramingMode::kRaw:
      break;
  }
  return raw;
}

void send_text(const config::Framing& framing, const string& line, Sent& sent) {
  const string text = framing.encoding == Encoding::kUtf8 ? line : decoded(framing.encoding, line);
  if (is_utf8(text)) {
    sent.messages.push_back({false, text});
  } else if (framing.message_type == config::MessageKind::kAuto ||
             framing.invalid_utf8 == config::InvalidUtf8::kBinary) {
    sent.messages.push_back({true, text});
  } else if (framing.invalid_utf8 == config::InvalidUtf8::kReplace) {
    sent.messages.push_back({false, repaired(text)});
    ++sent.altered_count;
  } else {
    sent.close_code = 1007;
  }
}

void send_line(const config::Framing& framing, const string& line, Sent& sent) {
  const bool is_escaped = framing.mode == FramingMode::kLine &&
                          framing.embedded_delimiter == EmbeddedDelimiter::kEscape;
  const string meant = is_escaped ? unescaped(line) : line;
  if (framing.message_type == config::MessageKind::kBinary) {
    sent.messages.push_back({true, meant});
  } else {
    send_text(framing, meant, sent);
  }
}

// ---- Down ----

// Where a reader of the line and its delimiter sees a delimiter that is not the last one.
std::size_t embedded(const string& line, const string& delimiter) {
  const std::size_t at = (line + delimiter).find(delimiter);
  return at < line.size() ? at : kNowhere;
}

std::optional<string> with_spaces(string line, const string& delimiter, Read& read) {
  if (delimiter.find(' ') != kNowhere) {
    return std::nullopt;
  }
  string out;
  for (std::size_t at = embedded(line, delimiter); at != kNowhere; at = embedded(line, delimiter)) {
    out += line.substr(0, at) + ' ';
    line.erase(0, at + delimiter.size());
  }
  ++read.altered_count;
  return out + line + delimiter;
}

std::optional<string> split(string line, const string& delimiter, Read& read) {
  string out;
  std::size_t count = 0;
  for (std::size_t at = embedded(line, delimiter); at != kNowhere; at = embedded(line, delimiter)) {
    if (at + delimiter.size() > line.size()) {
      return std::nullopt;
    }
    out += line.substr(0, at + delimiter.size());
    line.erase(0, at + delimiter.size());
    ++count;
  }
  read.line_count += count - 1;  // one is counted for each message
  if (!line.empty()) {
    out += line + delimiter;
    ++read.line_count;
  }
  return out;
}

std::optional<string> as_line(const config::Framing& framing, const string& text, Read& read) {
  const string delimiter = local_delimiter(framing);
  if (framing.embedded_delimiter == EmbeddedDelimiter::kEscape) {
    auto out = escaped(text, delimiter);
    return out ? std::optional(*out + delimiter) : std::nullopt;
  }
  if (framing.embedded_delimiter == EmbeddedDelimiter::kKeep ||
      embedded(text, delimiter) == kNowhere) {
    return text + delimiter;
  }
  if (framing.embedded_delimiter == EmbeddedDelimiter::kSpace) {
    return with_spaces(text, delimiter, read);
  }
  if (framing.embedded_delimiter == EmbeddedDelimiter::kSplit) {
    return split(text, delimiter, read);
  }
  return std::nullopt;
}

string binary_as_text(BinaryMessages policy, const string& bytes) {
  if (policy == BinaryMessages::kRaw) {
    return bytes;
  }
  return policy == BinaryMessages::kHex ? hex(bytes, "0123456789abcdef") : base64(bytes);
}

string length_of(const string& data) {
  const std::size_t size = data.size();
  return {static_cast<char>(size >> 24U), static_cast<char>(size >> 16U),
          static_cast<char>(size >> 8U), static_cast<char>(size)};
}

// Writes one message, or says with which code the session ends instead.
int write_one(const config::Framing& framing, const Message& message, Read& read) {
  bool is_altered = false;
  string data = message.data;
  if (!message.is_binary && framing.encoding != Encoding::kUtf8) {
    data = encoded(framing.encoding, data, is_altered);
  }
  const std::size_t altered_before = read.altered_count;
  if (framing.mode == FramingMode::kLengthPrefixed) {
    read.bytes += length_of(data) + data;
  } else if (framing.mode == FramingMode::kRaw) {
    read.bytes += data;
  } else if (message.is_binary && framing.binary_messages == BinaryMessages::kReject) {
    return 1003;
  } else {
    const string text = message.is_binary ? binary_as_text(framing.binary_messages, data) : data;
    const auto line = as_line(framing, text, read);
    if (!line) {
      return 1008;
    }
    read.bytes += *line;
  }
  read.altered_count = altered_before + (is_altered || read.altered_count > altered_before ? 1 : 0);
  ++read.line_count;
  return 0;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Sent& sent) {
  for (const Message& message : sent.messages) {
    out << (message.is_binary ? "binary " : "text ") << hex(message.data, "0123456789abcdef")
        << ' ';
  }
  return out << "close " << sent.close_code << ", " << sent.altered_count << " altered, "
             << sent.dropped_bytes << " dropped";
}

std::ostream& operator<<(std::ostream& out, const Read& read) {
  return out << hex(read.bytes, "0123456789abcdef") << " close " << read.close_code << ", "
             << read.altered_count << " altered, " << read.line_count << " lines";
}

Sent send(const config::Framing& framing, const std::vector<string_view>& reads) {
  Sent sent;
  Cut all = cut(framing, reads);
  const bool may_end = !all.is_too_long && !all.rest.empty();
  if (may_end && (framing.mode == FramingMode::kLengthPrefixed ||
                  framing.final_partial_line == config::FinalPartialLine::kDrop)) {
    sent.dropped_bytes = all.rest.size();
  } else if (may_end) {
    all.is_too_long = all.rest.size() > framing.max_line;
    if (!all.is_too_long) {
      all.lines.push_back(all.rest);
    }
  }
  for (const string& line : all.lines) {
    send_line(framing, line, sent);
    if (sent.close_code != 0) {
      sent.dropped_bytes = 0;
      return sent;
    }
  }
  sent.close_code = all.is_too_long ? 1009 : 0;
  return sent;
}

Read write(const config::Framing& framing, const std::vector<Message>& messages) {
  Read read;
  for (const Message& message : messages) {
    read.close_code = write_one(framing, message, read);
    if (read.close_code != 0) {
      break;
    }
  }
  return read;
}

}  // namespace wsbridged::reference
