// SPDX-License-Identifier: MIT
// What a SOCKS5 proxy answers, with and without a user.
#include "fuzz/support/dialogue.h"
#include "fuzz/support/input.h"
#include "fuzz_targets.h"

namespace fuzz {

void socks_reply(std::string_view bytes) {
  Input input(bytes);
  ws::protocol::Proxy proxy{
      .kind = ws::protocol::ProxyKind::kSocks5, .host = "proxy.example", .port = 1080};
  if (input.flag()) {
    proxy.user = "user";
    proxy.password = "secret";
  }
  const unsigned seed = input.byte();
  const auto end = input.pick({DialogueEnd::kNone, DialogueEnd::kEof, DialogueEnd::kGiveUp});
  talk_in_any_cut(proxy, input.rest(), seed, end);
}

}  // namespace fuzz
