// SPDX-License-Identifier: MIT
// What an HTTP proxy answers to CONNECT, with and without a user.
#include "fuzz/support/dialogue.h"
#include "fuzz_targets.h"

namespace fuzz {

void connect_answer(std::string_view bytes) {
  talk_to(ws::protocol::ProxyKind::kHttp, bytes);
}

}  // namespace fuzz
