// SPDX-License-Identifier: MIT
// Down: writes each message as a line, by the policies of `framing`. Pure.
#pragma once

#include <cstddef>

#include <ws/byte_queue.h>
#include <ws/options.h>

#include "config/config.h"

namespace wsbridged {

struct Written {
  enum class Refused : unsigned char { kNo, kBinary, kEmbeddedDelimiter } refused = Refused::kNo;
  std::size_t line_count = 1;  // more with embedded_delimiter: split
  bool altered = false;        // embedded_delimiter: space replaced something
};

class LineWriter {
 public:
  // `framing` must outlive it.
  explicit LineWriter(const config::Framing& framing);

  // Appends the message as a line to `out`; nothing when it is refused.
  Written write(const ws::Message& message, ws::ByteQueue& out);

 private:
  const config::Framing& framing_;
};

}  // namespace wsbridged
