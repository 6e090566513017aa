// SPDX-License-Identifier: MIT
#include "daemon/admin_server.h"

#include <cstdlib>
#include <utility>

#include <ws/net/stream.h>

#include "daemon/access.h"
#include "daemon/listener_socket.h"

namespace wsbridged {

namespace {

constexpr std::chrono::hours kFarAway{1};

}  // namespace

// A listener's addresses and the connections that came in by them.
struct AdminServer::Door {
  AdminDoor::Serves serves = AdminDoor::Serves::kAll;
  std::vector<std::unique_ptr<Listener>> listeners{};
  std::unordered_map<AdminConnection*, std::unique_ptr<AdminConnection>> connections{};
};

AdminServer::AdminServer(const Settings& settings, AdminTarget& target, Log& log)
    : log_(log),
      deadline_(settings.deadline),
      keep_running_(loop_, [this] { keep_running_.start(kFarAway); }),
      service_(loop_, target, AdminGate(settings.admin, settings.machine_name), log),
      sweep_(loop_, [this] { finished_.clear(); }) {
  keep_running_.start(kFarAway);
}

ws::Result<std::unique_ptr<AdminServer>> AdminServer::open(const Settings& settings,
                                                           AdminTarget& target, Log& log) {
  // NOLINTNEXTLINE(modernize-make-unique): the constructor is private
  std::unique_ptr<AdminServer> server(new AdminServer(settings, target, log));
  config::Listen listen;
  if (settings.admin.listen) {
    listen.address = *settings.admin.listen;
    const auto bound = server->bind(listen, AdminDoor::Serves::kAll);
    if (!bound) {
      return bound.error();
    }
  }
  if (settings.admin.metrics) {
    listen.address = *settings.admin.metrics;
    listen.allow_remote = true;
    const auto bound = server->bind(listen, AdminDoor::Serves::kMetrics);
    if (!bound) {
      return bound.error();
    }
  }
  return server;
}

ws::Result<std::size_t> AdminServer::bind(const config::Listen& listen, AdminDoor::Serves serves) {
  auto listeners = Listener::open(loop_, listen);
  if (!listeners) {
    return listeners.error();
  }
  doors_.push_back(
      std::make_unique<Door>(Door{.serves = serves, .listeners = std::move(listeners.value())}));
  return doors_.size();
}

AdminServer::~AdminServer() {
  loop_.stop();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void AdminServer::start() {
  for (const auto& door : doors_) {
    for (const auto& listener : door->listeners) {
      listener->start([this, &door = *door](int descriptor,
                                            const Peer& peer) { accept(door, descriptor, peer); },
                      [this](const std::string& error) {
                        log_.warn(error.empty() ? "accepting again" : "accepting paused",
                                  {{"bridge", std::string("admin")}, {"cause", error}});
                      });
    }
  }
  thread_ = std::thread([this] { run(); });
}

void AdminServer::run() {
  try {
    loop_.run();
  } catch (const std::exception& exception) {
    // Nothing here throws but the allocator: what state is left cannot be trusted.
    log_.error("admin listener failed, stopping", {{"cause", std::string(exception.what())}});
    std::_Exit(1);
  }
}

std::vector<std::string> AdminServer::addresses() const {
  std::vector<std::string> addresses;
  for (const auto& door : doors_) {
    for (const auto& listener : door->listeners) {
      addresses.push_back(listener->address());
    }
  }
  return addresses;
}

void AdminServer::accept(Door& door, int descriptor, const Peer& peer) {
  // What keeps other users away from an abstract socket; a path has its mode.
  if (const auto refusal = AccessList().refuse(peer)) {
    static_cast<void>(Descriptor(descriptor));
    log_.warn("admin connection refused", {{"peer", peer.to_string()}, {"cause", refusal->cause}});
    return;
  }
  auto connection = std::make_unique<AdminConnection>(
      AdminConnection::Environment{
          .loop = loop_,
          .service = service_,
          .deadline = deadline_,
          .on_finished = [this, &door](AdminConnection& ended) { forget(door, ended); }},
      ws::net::adopt_socket(loop_, descriptor),
      AdminDoor{.serves = door.serves, .is_unix = peer.is_unix}, peer.to_string());
  AdminConnection* const key = connection.get();
  door.connections.emplace(key, std::move(connection));
  if (door.connections.size() >= kMaxConnections) {
    for (const auto& listener : door.listeners) {
      listener->pause();
    }
  }
}

void AdminServer::forget(Door& door, AdminConnection& connection) {
  const auto found = door.connections.find(&connection);
  finished_.push_back(std::move(found->second));
  door.connections.erase(found);
  sweep_.start(std::chrono::milliseconds(0));
  if (door.connections.size() == kMaxConnections - 1) {
    for (const auto& listener : door.listeners) {
      listener->resume();
    }
  }
}

}  // namespace wsbridged
