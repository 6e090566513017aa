// SPDX-License-Identifier: MIT
// What a SOCKS5 proxy answers, with and without a user.
#include "fuzz/support/dialogue.h"
#include "fuzz_targets.h"

namespace fuzz {

void socks_reply(std::string_view bytes) {
  talk_to(ws::protocol::ProxyKind::kSocks5, bytes);
}

}  // namespace fuzz
