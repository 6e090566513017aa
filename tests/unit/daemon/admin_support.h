// SPDX-License-Identifier: MIT
// What the tests of the admin listener share: the program that it speaks for, played, and a client.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <mutex>

#include "daemon/admin_client.h"
#include "daemon/admin_plan.h"
#include "daemon/admin_server.h"
#include "listener_support.h"
#include "support/catch.h"

namespace wsbridged::test {

using namespace std::chrono_literals;

inline constexpr std::string_view kGet = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";

// Plays the program.
class PlayedTarget final : public AdminTarget {
 public:
  [[nodiscard]] Readiness readiness() const override {
    return is_ready ? Readiness{.is_ready = true} : Readiness{.reason = "draining"};
  }

  void take_snapshot(Snapshot::Detail /*detail*/, std::function<void(Snapshot)> done) override {
    ++gatherings;
    if (answers) {
      Snapshot snapshot;
      snapshot.readiness = readiness();
      snapshot.bridges.push_back({.name = "chat"});
      snapshot.workers.resize(1);
      snapshot.workers[0].sessions.resize(session_count);
      done(std::move(snapshot));
    }
  }

  void kill_session(std::uint64_t id, Found done) override {
    killed = id;
    done(id == 7);
  }

  void tap_session(std::uint64_t id, std::shared_ptr<Tap> new_tap, Found done) override {
    if (id == 7) {
      const std::lock_guard lock(mutex);
      tap = std::move(new_tap);
    }
    done(id == 7);
  }

  void start_drain() override {
    is_ready = false;
    while (is_stuck) {
      std::this_thread::yield();
    }
  }

  void reload_configuration(std::function<void(ReloadResult)> done) override {
    if (answers) {
      done({.errors = {"f.yaml:1:1: wrong"}});
    }
  }

  void set_log_level(config::LogLevel new_level) override { level = new_level; }

  std::shared_ptr<Tap> taken_tap() {
    const std::lock_guard lock(mutex);
    return tap;
  }

  std::atomic<bool> is_ready{true};
  std::atomic<bool> answers{true};
  std::atomic<bool> is_stuck{false};  // within start_drain()
  std::atomic<int> gatherings{0};
  std::atomic<std::size_t> session_count{0};
  std::atomic<std::uint64_t> killed{0};
  std::atomic<config::LogLevel> level{config::LogLevel::kInfo};
  std::mutex mutex;
  std::shared_ptr<Tap> tap;
};

class Fixture {
 public:
  explicit Fixture(std::chrono::milliseconds deadline = 10s) {
    std::ofstream(directory_ / "token") << "0123456789abcdef\n";
    settings_.deadline = deadline;
    settings_.admin.listen = config::UnixAddress{.path = directory_ / "admin.sock"};
    settings_.admin.metrics = config::TcpAddress{.host = "127.0.0.1"};
    auto opened = AdminServer::open(settings_, look_up(settings_.admin), target, log_);
    REQUIRE(opened);
    server_ = std::move(opened.value());
    server_->start();
  }

  [[nodiscard]] config::Address unix_address() const {
    return config::UnixAddress{.path = directory_ / "admin.sock"};
  }

  [[nodiscard]] std::string unix_path() const { return directory_ / "admin.sock"; }

  [[nodiscard]] config::Address tcp_address() const {
    return std::get<config::Address>(config::parse_address(server_->addresses().at(1)));
  }

  [[nodiscard]] int status(const std::string& method, const std::string& path) const {
    const auto reply = call_admin(unix_address(), {.method = method, .path = path});
    return reply ? reply->status : 0;
  }

  [[nodiscard]] Descriptor connect() const { return connect_unix("unix:" + unix_path()); }

  void end() { server_.reset(); }

  [[nodiscard]] AdminServer& server() { return *server_; }

  // A reload whose `admin` is `settings`.
  [[nodiscard]] std::optional<ws::Error> reload(const AdminServer::Settings& settings) {
    AdminPlan plan(server_, target, log_);
    auto error = plan.prepare(settings, look_up(settings.admin));
    if (!error) {
      plan.commit();
    }
    return error;
  }

  [[nodiscard]] const AdminServer::Settings& settings() const { return settings_; }

  [[nodiscard]] std::string token_path() const { return directory_ / "token"; }

  // A change as a reload makes it.
  [[nodiscard]] std::optional<ws::Error> change(const config::Admin& admin) {
    return change(admin, look_up(admin));
  }

  [[nodiscard]] std::optional<ws::Error> change(const config::Admin& admin,
                                                const AdminPlaces& places) {
    auto error = server_->prepare({.admin = admin}, places);
    error ? server_->give_up() : server_->commit();
    return error;
  }

  PlayedTarget target;

 private:
  TempDir directory_;
  AdminServer::Settings settings_;
  Log log_{{.level = config::LogLevel::kError}};
  std::unique_ptr<AdminServer> server_;
};

inline void send_all(const Descriptor& to, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = send(to.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// Until the end, or nothing for `patience`.
inline std::string read_all(const Descriptor& from, std::chrono::milliseconds patience = 20s) {
  std::string text;
  std::array<char, 65536> bytes{};
  pollfd waited{.fd = from.get(), .events = POLLIN, .revents = 0};
  while (poll(&waited, 1, static_cast<int>(patience.count())) > 0) {
    const ssize_t size = recv(from.get(), bytes.data(), bytes.size(), 0);
    if (size <= 0) {
      break;
    }
    text.append(bytes.data(), static_cast<std::size_t>(size));
  }
  return text;
}

}  // namespace wsbridged::test
