// SPDX-License-Identifier: MIT
// A conversation with a proxy whose answers are made up: in any chunking it goes the same way.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "fuzz/support/input.h"
#include "fuzz/support/pieces.h"
#include "fuzz/support/require.h"
#include "protocol/proxy.h"
#include "protocol/refusal_body.h"

namespace fuzz {

enum class DialogueEnd { kNone, kEof, kGiveUp };

struct Dialogue {
  using Progress = ws::protocol::ProxyDialogue::Progress;

  Progress progress = Progress::kNeedMore;
  std::size_t taken = 0;
  std::string said{};
  std::string error{};
  std::string body{};
  bool operator==(const Dialogue&) const = default;
};

inline Dialogue talk(const ws::protocol::Proxy& proxy, const Pieces& pieces, DialogueEnd end) {
  using Progress = Dialogue::Progress;
  const auto dialogue = ws::protocol::make_proxy_dialogue(proxy, "chat.example.com", 443, 2000);
  Dialogue seen{.said = dialogue->take_output()};
  require(!seen.said.empty(), "the client speaks first");
  for (const std::string_view piece : pieces) {
    if (seen.progress != Progress::kNeedMore) {
      break;
    }
    const auto step = dialogue->receive(exact_copy(piece));
    require(step.taken <= piece.size(), "no more is taken than there is");
    require(step.progress != Progress::kNeedMore || step.taken == piece.size(), "all of it");
    seen.progress = step.progress;
    seen.taken += step.taken;
    seen.said += dialogue->take_output();
  }
  if (seen.progress == Progress::kNeedMore && end != DialogueEnd::kNone) {
    seen.progress = end == DialogueEnd::kEof ? dialogue->receive_eof() : dialogue->give_up();
    require(seen.progress == Progress::kFailed || end == DialogueEnd::kGiveUp, "an EOF is an end");
  }
  if (seen.progress == Progress::kFailed) {
    const ws::Error& error = dialogue->error();
    require(error.phase == ws::Phase::kProxy && !error.message.empty(), "a failure has its words");
    require(error.message.find("secret") == std::string::npos, "and none that is secret");
    seen.error = error.message;
    seen.body = error.response ? error.response->body : "";
    require(seen.body.size() <= ws::protocol::kMaxRefusalBody, "a body is bounded");
  }
  require(seen.said.size() < 2000, "what is said is bounded");
  return seen;
}

inline void talk_in_any_cut(const ws::protocol::Proxy& proxy, std::string_view bytes, unsigned seed,
                            DialogueEnd end) {
  const Dialogue whole = talk(proxy, {bytes}, end);
  for (const Pieces& pieces : cuts(bytes, seed)) {
    Dialogue cut = talk(proxy, pieces, end);
    if (whole.progress == Dialogue::Progress::kFailed) {
      cut.taken = whole.taken;  // means nothing then
    }
    require(cut == whole, "the chunking changes nothing");
  }
}

// What the input decides: a user or none, how it is cut, how it ends; the rest is the answer.
inline void talk_to(ws::protocol::ProxyKind kind, std::string_view bytes) {
  Input input(bytes);
  ws::protocol::Proxy proxy{.kind = kind, .host = "proxy.example", .port = 1080};
  if (input.flag()) {
    proxy.user = "user";
    proxy.password = "secret";
  }
  const unsigned seed = input.byte();
  const auto end = input.pick({DialogueEnd::kNone, DialogueEnd::kEof, DialogueEnd::kGiveUp});
  talk_in_any_cut(proxy, input.rest(), seed, end);
}

}  // namespace fuzz
