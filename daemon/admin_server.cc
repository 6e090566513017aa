// SPDX-License-Identifier: MIT
#include "daemon/admin_server.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <future>
#include <utility>
#include <variant>

#include <ws/net/stream.h>

#include "daemon/access.h"
#include "daemon/last_words.h"
#include "daemon/listener_socket.h"

namespace wsbridged {

namespace {

constexpr std::chrono::hours kKeepAwake{1};

}  // namespace

// A listener's addresses and the connections that came in by them.
struct AdminServer::Door {
  config::Address address{};  // as configured
  AdminDoor::Serves serves = AdminDoor::Serves::kAll;
  std::vector<std::unique_ptr<Listener>> listeners{};
  std::unordered_map<AdminConnection*, std::unique_ptr<AdminConnection>> connections{};
};

// What prepare() found out: the doors to come, in their order.
struct AdminServer::Plan {
  struct Entry {
    AdminDoor::Serves serves;
    Door* kept = nullptr;            // one of doors_, or
    std::unique_ptr<Door> opened{};  // a new one
  };

  AdminGate gate;
  config::Admin admin;
  std::vector<Entry> entries{};
};

AdminServer::AdminServer(const Settings& settings, AdminTarget& target, Log& log)
    : log_(log),
      deadline_(settings.deadline),
      keep_running_(loop_, [this] { keep_running_.start(kKeepAwake); }),
      service_(loop_, target, AdminGate(settings.admin), log),
      refusals_(loop_, log, "admin"),
      sweep_(loop_, [this] { finished_.clear(); }) {
  keep_running_.start(kKeepAwake);
}

ws::Result<std::unique_ptr<AdminServer>> AdminServer::open(const Settings& settings,
                                                           const AdminPlaces& places,
                                                           AdminTarget& target, Log& log) {
  // NOLINTNEXTLINE(modernize-make-unique): the constructor is private
  std::unique_ptr<AdminServer> server(new AdminServer(settings, target, log));
  if (auto error = server->prepare(settings, places)) {
    return *std::move(error);
  }
  server->commit();
  return server;
}

// A loop has one thread: while it runs, what touches it is done there, and waited for.
void AdminServer::on_own_thread(const std::function<void()>& task) {
  if (!thread_.joinable()) {
    task();
    return;
  }
  const auto done = std::make_shared<std::promise<void>>();
  loop_.post([&task, done] {
    task();
    done->set_value();
  });
  done->get_future().wait();
}

std::optional<ws::Error> AdminServer::prepare(const Settings& settings, const AdminPlaces& places) {
  std::optional<ws::Error> error;
  on_own_thread([this, &settings, &places, &error] {
    plan_ =
        std::make_unique<Plan>(Plan{.gate = AdminGate(settings.admin), .admin = settings.admin});
    for (const AdminPlace& place : places) {
      if (!error) {
        error = plan_door(place);
      }
    }
  });
  return error;
}

std::optional<ws::Error> AdminServer::plan_door(const AdminPlace& place) {
  const config::Listen& listen = place.listen;
  if (Door* const kept = find_open(listen.address, place.serves)) {
    plan_->entries.push_back({.serves = place.serves, .kept = kept});
    return std::nullopt;
  }
  if (!place.target) {
    return place.target.error();
  }
  auto listeners = Listener::open(loop_, {.listen = listen, .target = place.target.value()});
  if (!listeners) {
    ws::Error error = listeners.error();
    error.message = explain(listen, error);
    return error;
  }
  plan_->entries.push_back(
      {.serves = place.serves,
       .opened = std::make_unique<Door>(
           Door{.address = listen.address, .listeners = std::move(listeners.value())})});
  return std::nullopt;
}

// Which port stands for 0 is not said: only what served the same means this one.
AdminServer::Door* AdminServer::find_open(const config::Address& address,
                                          AdminDoor::Serves serves) const {
  const auto* const tcp = std::get_if<config::TcpAddress>(&address);
  const bool has_any_port = tcp != nullptr && tcp->port == 0;
  for (const auto& door : doors_) {
    const bool is_taken =
        std::any_of(plan_->entries.begin(), plan_->entries.end(),
                    [&door](const Plan::Entry& entry) { return entry.kept == door.get(); });
    if (!is_taken && !door->listeners.empty() && door->address == address &&
        (door->serves == serves || !has_any_port)) {
      return door.get();
    }
  }
  return nullptr;
}

std::string AdminServer::explain(const config::Listen& listen, const ws::Error& error) const {
  const auto in_the_way =
      std::find_if(doors_.begin(), doors_.end(), [&listen](const std::unique_ptr<Door>& door) {
        return !door->listeners.empty() && config::overlap(door->address, listen.address);
      });
  if (error.system_errno != EADDRINUSE || in_the_way == doors_.end()) {
    return error.message;
  }
  return "cannot listen on " + config::to_string(listen.address) + " beside " +
         config::to_string((*in_the_way)->address) +
         ", which is bound until the reload is done: this change needs a restart";
}

// Who waits in its queues was connected before the change, and still gets his answer.
void AdminServer::retire(Door& door) {
  for (const auto& listener : door.listeners) {
    listener->accept_last();
  }
  door.listeners.clear();
}

void AdminServer::commit() {
  on_own_thread([this] { carry_out(); });
}

void AdminServer::give_up() {
  on_own_thread([this] { plan_.reset(); });
}

void AdminServer::carry_out() {
  std::vector<std::unique_ptr<Door>> next;
  for (Plan::Entry& entry : plan_->entries) {
    if (entry.opened) {
      next.push_back(std::move(entry.opened));
    } else {
      const auto kept = std::find_if(doors_.begin(), doors_.end(), [&entry](const auto& door) {
        return door.get() == entry.kept;
      });
      next.push_back(std::move(*kept));
    }
    next.back()->serves = entry.serves;
    if (entry.kept == nullptr && thread_.joinable()) {
      start_door(*next.back());
    }
  }
  for (auto& door : doors_) {
    if (door) {
      retire(*door);
    }
    if (door && !door->connections.empty()) {
      retired_.push_back(std::move(door));
    }
  }
  doors_ = std::move(next);
  service_.use_gate(std::move(plan_->gate));
  admin_ = std::move(plan_->admin);
  plan_.reset();
}

AdminServer::~AdminServer() {
  service_.close();  // what is answered already waits for nobody
  loop_.stop();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void AdminServer::start() {
  for (const auto& door : doors_) {
    start_door(*door);
  }
  thread_ = std::thread([this] { run(); });
}

void AdminServer::start_door(Door& door) {
  for (const auto& listener : door.listeners) {
    listener->start(
        [this, &door](int descriptor, const Peer& peer) { accept(door, descriptor, peer); },
        [this](const std::string& error) {
          log_.warn(error.empty() ? "accepting again" : "accepting paused",
                    {{"bridge", std::string("admin")}, {"cause", error}});
        });
  }
}

void AdminServer::run() {
  try {
    loop_.run();
  } catch (const std::exception& exception) {
    // Nothing here throws but the allocator: what state is left cannot be trusted.
    log_.error("admin listener failed, stopping", {{"cause", std::string(exception.what())}});
    end_at_once(exception.what());  // without memory the entry was not written
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
    refusals_.add(peer, refusal->rule, refusal->cause);
    return;
  }
  auto connection = std::make_unique<AdminConnection>(
      AdminConnection::Environment{
          .loop = loop_,
          .service = service_,
          .deadline = deadline_,
          .on_finished = [this, &door](AdminConnection& ended) { forget(door, ended); }},
      ws::net::adopt_socket(loop_, descriptor),
      AdminDoor{.serves = door.serves, .is_unix = peer.is_unix}, peer);
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
  if (door.listeners.empty() && door.connections.empty()) {
    std::erase_if(retired_, [&door](const auto& each) { return each.get() == &door; });
    return;
  }
  if (door.connections.size() == kMaxConnections - 1) {
    for (const auto& listener : door.listeners) {
      listener->resume();
    }
  }
}

}  // namespace wsbridged
