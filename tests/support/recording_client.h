// SPDX-License-Identifier: MIT
// A WebSocket on a loop of its own that writes down what it is told, for tests.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ws/websocket.h>

namespace ws::test {

// Options that trust the test authority.
[[nodiscard]] Options trusting_options();

// Callbacks of the given options are called after the entry was made; on_message_chunk is theirs
// alone. run() lasts until the
// WebSocket has ended, or stop() is called.
class RecordingClient {
 public:
  explicit RecordingClient(const std::string& url, Options options = trusting_options());
  // For tests that set up the loop (its resolver, say) before the WebSocket starts.
  void start(const std::string& url, Options options = trusting_options());
  RecordingClient() = default;

  // False when it took longer than 20 seconds.
  [[nodiscard]] bool run();
  // Until `is_done`, asked once a turn.
  [[nodiscard]] bool run_until(const std::function<bool()>& is_done);

  // Until nothing is left to wait for: also what the loop does in the background.
  void run_out() { loop.run(); }

  [[nodiscard]] WebSocket& socket() { return *websocket; }

  [[nodiscard]] std::size_t count(const std::string& entry) const;

  EventLoop loop;
  // "open", "text hello", "binary …", "pong …", "drain", "error", "close 1000", in order.
  std::vector<std::string> events;
  std::optional<Error> error;
  std::optional<CloseInfo> closed;
  std::unique_ptr<WebSocket> websocket;

 private:
  [[nodiscard]] Callbacks recording(const Callbacks& inner);
};

}  // namespace ws::test
