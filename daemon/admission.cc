// SPDX-License-Identifier: MIT
#include "daemon/admission.h"

#include <utility>

#include "daemon/peer.h"

namespace wsbridged {

Admission::Admission(ws::EventLoop& loop, Log& log, std::shared_ptr<Bridge> bridge,
                     AccessList access)
    : log_(log),
      bridge_(std::move(bridge)),
      access_(std::move(access)),
      refusals_(loop, log, bridge_->name()),
      room_(loop, {.on_header = [this](Arrival arrival) { receive_announced(std::move(arrival)); },
                   .on_refuse =
                       [this](const Peer& peer, const std::string& cause) {
                         ++bridge_->load()->refused_count;
                         refusals_.add(peer, "proxy_protocol", cause);
                       },
                   .on_leave =
                       [this](const Peer& peer) {
                         log_.debug("left without a PROXY header",
                                    {{"bridge", bridge_->name()}, {"peer", peer.to_string()}});
                       }}) {}

void Admission::receive(const config::ProxyProtocol& proxy_protocol, Descriptor descriptor,
                        Peer peer) {
  if (access_.needs_groups()) {
    add_groups(descriptor.get(), peer);
  }
  if (!admits(peer)) {
    return;
  }
  const bool owes_header = sends_proxy_header(proxy_protocol, peer);
  Arrival arrival{SessionSlot(bridge_), std::move(descriptor), std::move(peer)};
  if (owes_header) {
    room_.wait_for(std::move(arrival));
  } else {
    on_admit_(std::move(arrival));
  }
}

bool Admission::admits(const Peer& peer) {
  const auto refusal = access_.refuse(peer);
  if (refusal) {
    ++bridge_->load()->refused_count;
    refusals_.add(peer, refusal->rule, refusal->cause);
  }
  return !refusal;
}

void Admission::receive_announced(Arrival arrival) {
  if (!admits(arrival.peer)) {
    return;
  }
  log_.debug("PROXY header read", {{"bridge", bridge_->name()},
                                   {"peer", arrival.peer.to_string()},
                                   {"socket_peer", arrival.peer.socket_to_string()}});
  on_admit_(std::move(arrival));
}

}  // namespace wsbridged
