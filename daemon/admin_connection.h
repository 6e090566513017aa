// SPDX-License-Identifier: MIT
// One connection to the admin listener: a request, an answer, and the end. Everything together has
// one deadline, so a slow sender or reader holds a place for so long and no longer.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <ws/event_loop.h>
#include <ws/net/stream.h>

#include "daemon/admin_service.h"
#include "daemon/http_request.h"
#include "daemon/peer.h"

namespace wsbridged {

// Belongs to its loop's thread. Memory: the request's head, kBuffer of the answer on its way, and
// the answer itself, which it may share with others; a tap has Tap's bound before the buffer.
class AdminConnection final : private ws::net::StreamHandler {
 public:
  static constexpr std::chrono::seconds kDeadline{10};  // from accept until the answer has gone
  static constexpr std::chrono::seconds kLinger{2};     // then, for the peer to leave
  static constexpr std::size_t kBuffer = std::size_t{64} << 10U;  // bytes

  struct Environment {
    ws::EventLoop& loop;
    AdminService& service;
    std::chrono::milliseconds deadline = kDeadline;
    // Once, last; it must not destroy the connection at once.
    std::function<void(AdminConnection&)> on_finished;
  };

  AdminConnection(Environment environment, std::unique_ptr<ws::net::Stream> stream, AdminDoor door,
                  Peer peer);
  ~AdminConnection() override;
  AdminConnection(const AdminConnection&) = delete;
  AdminConnection& operator=(const AdminConnection&) = delete;

 private:
  void on_data(std::span<std::byte> bytes) override;
  void on_eof(ws::net::Eof eof) override;
  void on_drained() override;
  void on_hang_up() override;
  void on_sent() override;
  void on_failure(const ws::Error& error) override;

  void serve();
  void answer(AdminResponse response);
  void answer_with(AdminAnswer::Shared response);
  void write(std::string_view bytes);
  void pass_body_on();
  void pass_tap_on();
  void handle_timer();
  void finish();

  enum class Stage : unsigned char { kReading, kServing, kAnswering, kTapping, kLingering, kOver };

  Environment environment_;
  std::unique_ptr<ws::net::Stream> stream_;
  AdminDoor door_;
  Peer peer_;
  HttpRequestReader reader_;
  ws::Timer timer_;
  AdminAnswer::Shared response_;  // until its body has been written
  std::string_view body_left_;    // of it
  std::shared_ptr<Tap> tap_;
  Stage stage_ = Stage::kReading;
  // Shared with callbacks that may come when the connection is gone; touched on the loop's thread.
  std::shared_ptr<AdminConnection*> self_ = std::make_shared<AdminConnection*>(this);
};

}  // namespace wsbridged
