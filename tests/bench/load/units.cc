// SPDX-License-Identifier: MIT
#include "load/units.h"

#include <algorithm>
#include <cstring>

namespace bench {

namespace {

constexpr std::size_t kMaxControlPayload = 125;  // RFC 6455 section 5.5
constexpr std::array<unsigned char, 4> kKey{0x37, 0xfa, 0x21, 0x3d};

std::uint64_t big_endian(std::span<const unsigned char> bytes) {
  std::uint64_t value = 0;
  for (const unsigned char byte : bytes) {
    value = value << 8U | byte;
  }
  return value;
}

// RFC 6455 section 5.2: one byte, or 126 and two, or 127 and eight.
void append_size(std::string& frame, std::size_t size, unsigned mask_bit) {
  const unsigned code = size <= 125 ? static_cast<unsigned>(size) : size <= 0xffff ? 126U : 127U;
  frame += static_cast<char>(code | mask_bit);
  const int extra = code < 126 ? 0 : code == 126 ? 2 : 8;
  for (int shift = 8 * (extra - 1); shift >= 0; shift -= 8) {
    frame += static_cast<char>(size >> static_cast<unsigned>(shift) & 0xffU);
  }
}

}  // namespace

std::string line_of(std::size_t size) {
  std::string line(size, ' ');
  for (std::size_t i = 0; i < size; ++i) {
    line[i] = static_cast<char>('0' + i % 64);
  }
  return line;
}

std::string frame_of(Format format, std::uint8_t opcode, std::string_view payload) {
  const bool is_masked = format == Format::kClientFrames;
  std::string frame(1, static_cast<char>(0x80U | opcode));
  append_size(frame, payload.size(), is_masked ? 0x80U : 0U);
  if (!is_masked) {
    return frame.append(payload);
  }
  frame.append(kKey.begin(), kKey.end());
  for (std::size_t i = 0; i < payload.size(); ++i) {
    frame += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ kKey.at(i % 4));
  }
  return frame;
}

UnitStock::UnitStock(Format format, std::size_t line_size) {
  const std::string line = line_of(line_size);
  const std::string unit = format == Format::kLines ? line + '\n' : frame_of(format, 0x1, line);
  unit_size_ = unit.size();
  while (block_.size() < kChunk) {
    block_ += unit;
  }
  row_size_ = block_.size();
  block_ += block_;
}

UnitReader::UnitReader(Format format, std::string_view line, Newlines newlines)
    : line_(line), format_(format), newlines_(newlines) {
  const std::string header = frame_of(format, 0x1, line).substr(0, kMaxHeader);
  start_ = header.substr(0, line.size() <= 125 ? 2 : line.size() <= 0xffff ? 4 : 10);
  frame_ = start_.size() + (format == Format::kClientFrames ? 4 : 0) + line.size();
}

UnitReader::Outcome UnitReader::receive(std::span<const char>& bytes, Checking checking) {
  return format_ == Format::kLines ? receive_lines(bytes, checking)
                                   : receive_frames(bytes, checking);
}

std::uint64_t UnitReader::skip(std::uint64_t size) {
  const std::uint64_t unit = line_.size() + 1;
  const std::uint64_t end = offset_ + size;
  offset_ = end % unit;
  return end / unit;
}

ControlFrame UnitReader::take_control() {
  has_control_ = false;
  return std::move(control_);
}

UnitReader::Outcome UnitReader::receive_lines(std::span<const char>& bytes, Checking checking) {
  if (checking == Checking::kContents) {
    std::uint64_t offset = offset_;
    for (const char byte : bytes) {
      if (byte != (offset == line_.size() ? '\n' : line_[offset])) {
        return {.is_wrong = true};
      }
      offset = offset == line_.size() ? 0 : offset + 1;
    }
  }
  const std::uint64_t count = skip(bytes.size());
  bytes = {};
  return {.unit_count = count};
}

UnitReader::Outcome UnitReader::receive_frames(std::span<const char>& bytes, Checking checking) {
  Outcome outcome;
  while (!bytes.empty() && !has_control_) {
    if (header_size_ == 0 && checking == Checking::kCount) {
      outcome.unit_count += take_whole_frames(bytes);
    }
    if (!is_in_payload_) {
      if (!read_header(bytes)) {
        break;
      }
      if (!judge_header()) {
        return {.is_wrong = true};
      }
    }
    if (!read_payload(bytes, checking)) {
      return {.is_wrong = true};
    }
    if (offset_ == payload_size_) {
      is_in_payload_ = false;
      header_size_ = 0;
      has_control_ = (header_[0] & 0x8U) != 0;
      outcome.unit_count += has_control_ || payload_size_ < line_.size() ? 0 : 1;
    }
  }
  return outcome;
}

// Nearly all that is measured: only the start of each header is looked at.
std::uint64_t UnitReader::take_whole_frames(std::span<const char>& bytes) const {
  std::uint64_t count = 0;
  while (bytes.size() >= frame_ && std::memcmp(bytes.data(), start_.data(), start_.size()) == 0) {
    bytes = bytes.subspan(frame_);
    ++count;
  }
  return count;
}

std::size_t UnitReader::wanted_header() const {
  if (header_size_ < 2) {
    return 2;
  }
  const unsigned code = header_[1] & 0x7fU;
  return std::size_t{2} +
         (code < 126    ? 0
          : code == 126 ? 2
                        : 8) +
         ((header_[1] & 0x80U) != 0 ? 4 : 0);
}

// True when the header is complete.
bool UnitReader::read_header(std::span<const char>& bytes) {
  while (header_size_ < wanted_header()) {
    const std::size_t size = std::min(bytes.size(), wanted_header() - header_size_);
    if (size == 0) {
      return false;
    }
    std::memcpy(header_.data() + header_size_, bytes.data(), size);
    header_size_ += size;
    bytes = bytes.subspan(size);
  }
  return true;
}

// Whole text messages of the expected size, masked when a client sent them (RFC 6455 section 5.1),
// and control frames between them.
bool UnitReader::judge_header() {
  const std::span header(header_);
  const bool is_masked = (header_[1] & 0x80U) != 0;
  const std::size_t key_at = header_size_ - (is_masked ? 4 : 0);
  payload_size_ = key_at == 2 ? header_[1] & 0x7fU : big_endian(header.subspan(2, key_at - 2));
  if (is_masked) {
    std::copy_n(header.begin() + static_cast<std::ptrdiff_t>(key_at), 4, key_.begin());
  }
  is_in_payload_ = true;
  offset_ = 0;
  control_ = {.opcode = static_cast<std::uint8_t>(header_[0] & 0xfU), .payload = {}};
  const bool is_control = (header_[0] & 0x8U) != 0;
  const bool is_line = header_[0] == 0x81 && is_line_size();
  return is_masked == (format_ == Format::kClientFrames) &&
         (is_line || (is_control && payload_size_ <= kMaxControlPayload));
}

bool UnitReader::is_line_size() const {
  return payload_size_ == line_.size() ||
         (newlines_ == Newlines::kAllowed &&
          (payload_size_ == line_.size() + 1 || payload_size_ == 1));
}

bool UnitReader::read_payload(std::span<const char>& bytes, Checking checking) {
  const std::size_t size = std::min<std::uint64_t>(bytes.size(), payload_size_ - offset_);
  const std::span<const char> part = bytes.first(size);
  bytes = bytes.subspan(size);
  const bool is_control = (header_[0] & 0x8U) != 0;
  if (is_control) {
    for (const char byte : part) {
      const unsigned mask =
          format_ == Format::kClientFrames ? key_.at(control_.payload.size() % 4) : 0U;
      control_.payload += static_cast<char>(static_cast<unsigned char>(byte) ^ mask);
    }
  } else if (checking == Checking::kContents && !is_expected(part)) {
    return false;
  }
  offset_ += size;
  return true;
}

bool UnitReader::is_expected(std::span<const char> part) const {
  for (std::size_t i = 0; i < part.size(); ++i) {
    const std::uint64_t place = offset_ + i;
    const unsigned mask = format_ == Format::kClientFrames ? key_.at(place % 4) : 0U;
    const bool is_newline = place == line_.size() || payload_size_ < line_.size();
    const char expected = is_newline ? '\n' : line_[place];
    if ((static_cast<unsigned char>(part[i]) ^ mask) != static_cast<unsigned char>(expected)) {
      return false;
    }
  }
  return true;
}

}  // namespace bench
