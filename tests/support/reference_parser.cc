// SPDX-License-Identifier: MIT
#include "support/reference_parser.h"

#include <array>
#include <memory>

#include <zlib.h>

namespace support {
namespace {

using End = ReferenceOutcome::End;

struct Range {
  unsigned low = 0;
  unsigned high = 0;
};

// RFC 3629 section 4, the grammar: what may follow a first byte.
std::vector<Range> followers(unsigned first) {
  const Range any{0x80, 0xbf};
  if (first >= 0xc2 && first <= 0xdf) {
    return {any};
  }
  if (first >= 0xe0 && first <= 0xef) {
    const Range second = first == 0xe0   ? Range{0xa0, 0xbf}
                         : first == 0xed ? Range{0x80, 0x9f}
                                         : any;
    return {second, any};
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const Range second = first == 0xf0   ? Range{0x90, 0xbf}
                         : first == 0xf4 ? Range{0x80, 0x8f}
                                         : any;
    return {second, any, any};
  }
  return {};
}

// The documented way over the end of a stream: the window is taken out and put in again.
class ReferenceInflater {
 public:
  ReferenceInflater() { inflateInit2(&stream_, -15); }

  ~ReferenceInflater() { inflateEnd(&stream_); }

  ReferenceInflater(const ReferenceInflater&) = delete;
  ReferenceInflater& operator=(const ReferenceInflater&) = delete;

  // Appends to `out`. False for data that is broken.
  bool inflate(std::string_view data, std::string& out) {
    if (!data.empty()) {
      is_at_stream_end_ = false;
    }
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    stream_.avail_in = static_cast<uInt>(data.size());
    std::array<char, 1000> buffer{};
    int result = Z_OK;
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream_.avail_out = buffer.size();
      result = ::inflate(&stream_, Z_SYNC_FLUSH);
      out.append(buffer.data(), buffer.size() - stream_.avail_out);
      if (result == Z_STREAM_END) {
        carry_window_over();
        result = Z_OK;
      }
    } while (result == Z_OK && (stream_.avail_in > 0 || stream_.avail_out == 0));
    return result == Z_OK || result == Z_BUF_ERROR;
  }

  bool end_message(bool is_empty, std::string& out) {
    using namespace std::string_view_literals;
    if (is_empty || is_at_stream_end_) {
      return true;
    }
    if (!inflate("\x00\x00\xff\xff"sv, out)) {
      return false;
    }
    // zlib.h: 128 between two blocks, plus the number of unused bits.
    return is_at_stream_end_ || (stream_.data_type & 0x87) == 0x80;
  }

 private:
  void carry_window_over() {
    std::vector<Bytef> window(32768);
    uInt size = 0;
    inflateGetDictionary(&stream_, window.data(), &size);
    inflateReset(&stream_);
    inflateSetDictionary(&stream_, window.data(), size);
    is_at_stream_end_ = stream_.avail_in == 0;
  }

  z_stream stream_{};
  bool is_at_stream_end_ = false;
};

struct Frame {
  bool is_final = false;
  bool is_compressed = false;
  unsigned opcode = 0;
  std::size_t size = 0;  // declared
  std::string_view payload;
};

class Reader {
 public:
  Reader(std::string_view bytes, ReferenceLimits limits, bool deflate)
      : bytes_(bytes), limits_(limits), deflate_(deflate) {}

  ReferenceOutcome read() {
    while (outcome_.end == End::kNone && !bytes_.empty()) {
      if (const auto frame = read_frame()) {
        frame->opcode >= 8 ? take_control(*frame) : take_data(*frame);
      } else {
        fail(1002);
      }
    }
    return outcome_;
  }

 private:
  unsigned byte_at(std::size_t index) const {
    return index < bytes_.size() ? static_cast<unsigned char>(bytes_[index]) : 0;
  }

  void fail(unsigned code) {
    outcome_.end = End::kFailed;
    outcome_.code = code;
  }

  // nullopt for a header that breaks a rule of RFC 6455 section 5.2 or 5.5.
  std::optional<Frame> read_frame() {
    Frame frame;
    const unsigned first = byte_at(0);
    frame.is_final = first >= 0x80;
    frame.opcode = first % 16;
    const unsigned rsv = first / 16 % 8;
    frame.is_compressed = rsv == 4;
    const bool begins_message = frame.opcode == 1 || frame.opcode == 2;
    const bool is_known = frame.opcode <= 2 || (frame.opcode >= 8 && frame.opcode <= 10);
    if (!is_known || (rsv != 0 && !(rsv == 4 && deflate_ && begins_message)) ||
        byte_at(1) >= 0x80) {
      return std::nullopt;
    }
    std::size_t header = 2;
    frame.size = byte_at(1);
    const std::size_t length_bytes = frame.size == 126 ? 2 : frame.size == 127 ? 8 : 0;
    if (frame.opcode >= 8 && (!frame.is_final || length_bytes > 0)) {
      return std::nullopt;
    }
    if (length_bytes > 0) {
      frame.size = 0;
      for (std::size_t i = 0; i < length_bytes; ++i) {
        frame.size = frame.size * 256 + byte_at(header++);
      }
      if (frame.size < (length_bytes == 2 ? 126U : 65536U) || frame.size >> 63U != 0) {
        return std::nullopt;
      }
    }
    frame.payload = bytes_.substr(header, frame.size);
    bytes_.remove_prefix(header + frame.payload.size());
    return frame;
  }

  void take_control(const Frame& frame) {
    if (frame.opcode == 9) {
      outcome_.pings.emplace_back(frame.payload);
    } else if (frame.opcode == 10) {
      outcome_.events.push_back("pong " + std::string(frame.payload));
    } else {
      take_close(frame.payload);
    }
  }

  void take_close(std::string_view payload) {
    const unsigned code = payload.size() < 2 ? 1005
                                             : static_cast<unsigned char>(payload[0]) * 256U +
                                                   static_cast<unsigned char>(payload[1]);
    const bool is_registered = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
    const bool is_free = code >= 3000 && code <= 4999;
    if (!payload.empty() && (payload.size() == 1 || (!is_registered && !is_free))) {
      fail(1002);
      return;
    }
    if (payload.size() > 2) {
      const auto reason = read_utf8(payload.substr(2));
      if (reason.bad_byte || !reason.is_complete) {
        fail(1007);
        return;
      }
    }
    outcome_.end = End::kClosed;
    outcome_.code = code;
  }

  void take_data(const Frame& frame) {
    if ((frame.opcode == 0) != is_under_way_) {
      fail(1002);
      return;
    }
    if (!is_under_way_) {
      is_text_ = frame.opcode == 1;
      is_compressed_ = frame.is_compressed;
      message_.clear();
      wire_size_ = 0;
      empty_fragments_ = 0;
    }
    is_under_way_ = !frame.is_final;
    if (!is_compressed_ && message_.size() + frame.size > limits_.max_message) {
      fail(1009);
      return;
    }
    if (frame.size == 0 && !frame.is_final && ++empty_fragments_ > limits_.max_empty_fragments) {
      fail(1009);
      return;
    }
    const bool is_good = append(frame);
    judge(is_good, frame.is_final);
  }

  bool append(const Frame& frame) {
    wire_size_ += frame.size;
    if (!is_compressed_) {
      message_ += frame.payload;
      return true;
    }
    return inflater_.inflate(frame.payload, message_) &&
           (!frame.is_final || inflater_.end_message(wire_size_ == 0, message_));
  }

  void judge(bool is_good, bool is_final) {
    const auto utf8 = is_text_ ? read_utf8(message_) : ReferenceUtf8{};
    const bool is_bad_first = utf8.bad_byte && *utf8.bad_byte < limits_.max_message;
    if (message_.size() > limits_.max_message) {
      fail(is_bad_first ? 1007 : 1009);
    } else if (is_bad_first || !is_good || (is_final && !utf8.is_complete)) {
      fail(1007);
    } else if (is_final) {
      outcome_.events.push_back((is_text_ ? "text " : "binary ") + message_);
    }
  }

  std::string_view bytes_;
  ReferenceLimits limits_;
  bool deflate_;
  ReferenceOutcome outcome_;
  ReferenceInflater inflater_;
  std::string message_;
  std::size_t wire_size_ = 0;
  std::size_t empty_fragments_ = 0;
  bool is_under_way_ = false;
  bool is_text_ = false;
  bool is_compressed_ = false;
};

}  // namespace

ReferenceUtf8 read_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto first = static_cast<unsigned char>(text[i]);
    const auto expected = followers(first);
    if (first >= 0x80 && expected.empty()) {
      return {.bad_byte = i, .is_complete = false};
    }
    ++i;
    for (const Range range : expected) {
      if (i == text.size()) {
        return {.bad_byte = std::nullopt, .is_complete = false};
      }
      const auto next = static_cast<unsigned char>(text[i]);
      if (next < range.low || next > range.high) {
        return {.bad_byte = i, .is_complete = false};
      }
      ++i;
    }
  }
  return {};
}

ReferenceOutcome parse_as_client(std::string_view bytes, ReferenceLimits limits, bool deflate) {
  return Reader(bytes, limits, deflate).read();
}

}  // namespace support
