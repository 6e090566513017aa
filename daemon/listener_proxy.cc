// SPDX-License-Identifier: MIT
#include "daemon/listener_proxy.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <new>
#include <span>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <event2/event.h>

#include "daemon/event_ptr.h"
#include "daemon/proxy_header.h"

namespace wsbridged {
namespace {

std::string in_seconds(std::chrono::milliseconds limit) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(limit).count()) + " s";
}

}  // namespace

struct ProxyHeaderRoom::Waiting {
  Waiting(ProxyHeaderRoom& owner, Arrival arriving);

  static void on_readable(evutil_socket_t, short, void* self) noexcept;

  ProxyHeaderRoom& room;
  Arrival arrival;
  std::vector<std::byte> header;  // taken off the connection so far
  EventPtr readable;
  ws::Timer limit;
};

ProxyHeaderRoom::Waiting::Waiting(ProxyHeaderRoom& owner, Arrival arriving)
    : room(owner),
      arrival(std::move(arriving)),
      readable(event_new(room.loop_.base(), arrival.descriptor.get(), EV_READ | EV_PERSIST,
                         on_readable, this)),
      limit(room.loop_, [this] {
        room.refuse(*this, "no PROXY header within " + in_seconds(room.time_limit_));
      }) {
  if (readable == nullptr || event_add(readable.get(), nullptr) != 0) {
    throw std::bad_alloc();
  }
  limit.start(room.time_limit_);
}

// What a callback throws must not reach libevent: run() throws it instead.
void ProxyHeaderRoom::Waiting::on_readable(evutil_socket_t /*descriptor*/, short /*what*/,
                                           void* self) noexcept {
  auto& waiting = *static_cast<Waiting*>(self);
  ws::EventLoop& loop = waiting.room.loop_;
  try {
    waiting.room.read(waiting);
  } catch (...) {
    loop.post([thrown = std::current_exception()] { std::rethrow_exception(thrown); });
  }
}

ProxyHeaderRoom::ProxyHeaderRoom(ws::EventLoop& loop, Callbacks callbacks,
                                 std::chrono::milliseconds time_limit)
    : loop_(loop), callbacks_(std::move(callbacks)), time_limit_(time_limit) {}

ProxyHeaderRoom::~ProxyHeaderRoom() = default;

void ProxyHeaderRoom::wait_for(Arrival arrival) {
  waiting_.push_back(std::make_unique<Waiting>(*this, std::move(arrival)));
  if (waiting_.size() > kMaxWaiting) {
    // Whoever waits longest is the least likely to be a proxy, which sends its header at once.
    refuse(*waiting_.front(), "no PROXY header yet, and too many others wait for theirs");
  }
}

// Looks at what there is, and takes only what belongs to the header.
void ProxyHeaderRoom::read(Waiting& waiting) {
  std::array<std::byte, kMaxProxyHeader> buffer{};
  const std::size_t taken = waiting.header.size();
  std::copy(waiting.header.begin(), waiting.header.end(), buffer.begin());
  const int descriptor = waiting.arrival.descriptor.get();
  const ssize_t size = recv(descriptor, &buffer[taken], buffer.size() - taken, MSG_PEEK);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  if (size <= 0) {
    const std::string error = size < 0 ? std::generic_category().message(errno) : "";
    if (taken > 0) {
      refuse(waiting, "the connection ended within its PROXY header");
    } else {
      callbacks_.on_leave(take(waiting).peer);
    }
    return;
  }
  const auto seen = std::span(buffer).first(taken + static_cast<std::size_t>(size));
  const auto parsed = parse_proxy_header(seen);
  if (const auto* refusal = std::get_if<ProxyRefusal>(&parsed)) {
    refuse(waiting, "PROXY header: " + std::string(refusal->reason));
    return;
  }
  const auto* header = std::get_if<ProxyHeader>(&parsed);
  const std::size_t end = header != nullptr ? header->size : seen.size();
  // The bytes were there a moment ago: this takes them all.
  static_cast<void>(recv(descriptor, &buffer[taken], end - taken, 0));
  if (header == nullptr) {
    waiting.header.assign(seen.begin(), seen.end());
    return;
  }
  Arrival arrival = take(waiting);
  if (header->source != ProxyHeader::Source::kNobody) {
    arrival.peer.announced = {header->address, header->port};
  }
  callbacks_.on_header(std::move(arrival));
}

void ProxyHeaderRoom::refuse(Waiting& waiting, const std::string& cause) {
  const Arrival arrival = take(waiting);
  callbacks_.on_refuse(arrival.peer, cause);
}

Arrival ProxyHeaderRoom::take(Waiting& waiting) {
  Arrival arrival = std::move(waiting.arrival);
  waiting_.remove_if([&waiting](const auto& each) { return each.get() == &waiting; });
  return arrival;
}

}  // namespace wsbridged
