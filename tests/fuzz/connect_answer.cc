// SPDX-License-Identifier: MIT
// What an HTTP proxy answers to CONNECT, with and without a user.
#include "fuzz/support/dialogue.h"
#include "fuzz/support/input.h"
#include "fuzz_targets.h"

namespace fuzz {

void connect_answer(std::string_view bytes) {
  Input input(bytes);
  ws::protocol::Proxy proxy{
      .kind = ws::protocol::ProxyKind::kHttp, .host = "proxy.example", .port = 3128};
  if (input.flag()) {
    proxy.user = "user";
    proxy.password = "secret";
  }
  const unsigned seed = input.byte();
  const auto end = input.pick({DialogueEnd::kNone, DialogueEnd::kEof, DialogueEnd::kGiveUp});
  talk_in_any_cut(proxy, input.rest(), seed, end);
}

}  // namespace fuzz
