// SPDX-License-Identifier: MIT
// What a client must make of the bytes of a server, decided by a second, simple-minded reading of
// RFC 6455 and RFC 7692 over the whole of them at once. It shares no code with the library.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace support {

struct ReferenceLimits {
  std::size_t max_message = 0;
  std::size_t max_empty_fragments = 0;
};

struct ReferenceOutcome {
  std::vector<std::string> events;  // "text …", "binary …", "pong …"
  std::vector<std::string> pings;   // to be answered, in order
  enum class End { kNone, kClosed, kFailed } end = End::kNone;
  unsigned code = 0;  // of the failure, or of the Close received (1005: none)
};

// `bytes` must end behind a frame, or behind a header that breaks a rule. With `deflate`,
// permessage-deflate was agreed on, with context takeover.
[[nodiscard]] ReferenceOutcome parse_as_client(std::string_view bytes, ReferenceLimits limits,
                                               bool deflate);

// The index of the first byte that cannot belong to UTF-8 text; nullopt for a prefix of valid text.
// `is_complete` tells whether it ends between two characters.
struct ReferenceUtf8 {
  std::optional<std::size_t> bad_byte;
  bool is_complete = true;
};

[[nodiscard]] ReferenceUtf8 read_utf8(std::string_view text);

}  // namespace support
