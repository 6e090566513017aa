// SPDX-License-Identifier: MIT
#include "daemon/refusals.h"

#include <utility>

namespace wsbridged {

Refusals::Refusals(ws::EventLoop& loop, Log& log, std::string bridge, Of what)
    : log_(log),
      bridge_(std::move(bridge)),
      what_(what),
      interval_(loop, [this] { tell_rest(); }) {}

Refusals::~Refusals() {
  tell_rest();
}

void Refusals::add(const Peer& peer, std::string_view rule, const std::string& cause) {
  if (!std::exchange(is_counting_, true)) {
    in_interval_ = 0;
    interval_.start(kInterval);
  }
  ++count_;
  if (++in_interval_ > kToldEach) {
    return;
  }
  log_.warn(what_ == Of::kConnections ? "connection refused" : "request refused",
            {{"bridge", bridge_},
             {"peer", peer.to_string()},
             {"socket_peer", peer.socket_to_string()},
             {"rule", std::string(rule)},
             {"cause", cause},
             {"refused", count_}});
}

void Refusals::tell_rest() {
  if (std::exchange(is_counting_, false) && in_interval_ > kToldEach) {
    log_.warn(what_ == Of::kConnections ? "connections refused that were not told one by one"
                                        : "requests refused that were not told one by one",
              {{"bridge", bridge_}, {"count", in_interval_ - kToldEach}, {"refused", count_}});
  }
}

}  // namespace wsbridged
