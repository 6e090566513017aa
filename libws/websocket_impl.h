// SPDX-License-Identifier: MIT
// The inside of a WebSocket: joins an Opening, a stream and a protocol::Connection, and keeps the
// callback law of event_loop.h. It parses nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <ws/net/stream.h>
#include <ws/websocket.h>

#include "protocol/connection.h"
#include "websocket_callback.h"
#include "websocket_opening.h"

namespace ws {

class WebSocket::Impl final : private net::StreamHandler, private protocol::ConnectionEvents {
 public:
  Impl(WebSocket& owner, EventLoop& loop, std::string_view url, Options options);
  ~Impl() override;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // Ends what the WebSocket of `impl` had begun, without callbacks. An Impl that is being called
  // at this moment dies when the outermost of its functions on the stack returns.
  static void dispose(std::unique_ptr<Impl> impl);

  SendResult send(MessageType type, std::string_view data, const SendOptions& options);
  BatchResult send_batch(MessageType type, std::span<const std::string_view> messages,
                         const SendOptions& options);
  // Of the one MessageWriter. The link is where it keeps its pointer to the WebSocket; it is set to
  // nullptr when the message is finished or the WebSocket destroyed.
  bool start_message(MessageType type, const SendOptions& options);

  void attach_writer(WebSocket** link) { writer_link_ = link; }

  SendResult write(std::string_view piece);
  SendResult finish_message();
  void abandon_message();
  bool ping(std::string_view payload);
  void close(std::uint16_t code, std::string_view reason);
  void abort();
  void pause();
  void resume();

  [[nodiscard]] bool is_paused() const { return paused_; }

  [[nodiscard]] State state() const;

  [[nodiscard]] const Url& url() const;

  [[nodiscard]] const std::string& subprotocol() const { return subprotocol_; }

  [[nodiscard]] const HttpResponse& response() const;

  [[nodiscard]] std::optional<TlsInfo> tls_info() const;
  [[nodiscard]] OpeningTimes opening_times() const;
  void forget_opening();
  [[nodiscard]] std::size_t buffered_amount() const;
  [[nodiscard]] BufferMemory buffer_memory() const;
  [[nodiscard]] std::uint64_t received_bytes() const;

  [[nodiscard]] bool is_compression_agreed() const;

  [[nodiscard]] std::chrono::microseconds ping_round_trip() const;
  [[nodiscard]] const std::string& remote_address() const;

  [[nodiscard]] Callbacks& callbacks();

 private:
  class Visit;
  enum class Stage : std::uint8_t {
    kOpening,
    kOpen,
    kFlushing,  // ended, and not told yet: the last bytes are going out
    kEnded
  };

  struct End {
    std::optional<Error> error;
    CloseInfo close;
  };

  // How it came to be open; only kept for whoever asks.
  struct Past {
    Url url;
    HttpResponse response{};
    OpeningTimes times{};
  };

  // net::StreamHandler
  void on_data(std::span<std::byte> bytes) override;
  void on_eof(net::Eof eof) override;
  void on_drained() override;
  void on_sent() override;
  void on_hang_up() override;
  void on_failure(const Error& error) override;

  // protocol::ConnectionEvents
  void on_message(MessageType type, std::string_view data) override;
  [[nodiscard]] bool takes_batches() const override;
  void on_messages(std::span<const Message> messages) override;
  [[nodiscard]] bool takes_chunks() const override;
  void on_chunk(const MessageChunk& chunk) override;
  void on_pong(std::string_view payload) override;
  void on_round_trip(std::chrono::microseconds round_trip) override;

  void opened(Result<Opened> result);
  void open(Opened opened);
  void take_turn();
  void resume_now();
  void end_read();

  // After whatever let the connection move on: sends what it wrote and ends when it has ended.
  void settle();
  void flush();
  void arm_timer();
  void await_close();
  void detach_writer();
  void finish_close();
  void finish_error(const Error& error);
  void finish(End end, bool may_send);
  void handle_flush_timer();
  void tell_end();
  void report(const Error& error);
  void callback_threw() noexcept;

  [[nodiscard]] bool can_send() const;
  SendResult sent(protocol::Connection::Sent sent);
  [[nodiscard]] static protocol::Connection::Compress compress_of(const SendOptions& options);
  [[nodiscard]] std::optional<std::chrono::milliseconds> close_time_left();
  [[nodiscard]] std::optional<std::chrono::milliseconds> flush_time_left(
      std::chrono::milliseconds limit);

  [[nodiscard]] EventLoop::Clock::time_point now() const { return loop_.now(); }

  [[nodiscard]] std::chrono::milliseconds close_timeout() const {
    return connection_->settings().close_timeout;
  }

  template <typename... Told, typename... Arguments>
  bool call(const CallbackKind<Told...>& kind, const Arguments&... arguments);

  EventLoop& loop_;
  WebSocket* owner_;  // nullptr: destroyed or aborted, no callback any more
  Visit* visit_ = nullptr;
  Stage stage_ = Stage::kOpening;
  bool paused_ = false;
  bool hung_up_ = false;  // while paused: what was received waits, but nothing can be sent
  std::size_t send_high_water_;
  std::size_t send_limit_;
  std::chrono::milliseconds flush_timeout_;
  std::unique_ptr<Past> past_;  // nullptr: forgotten
  std::string subprotocol_;
  std::string remote_address_;

  WebSocketHandler* handler_;  // nullptr: callbacks_
  std::unique_ptr<CallbackSlots> callbacks_;
  std::exception_ptr thrown_;
  WebSocket** writer_link_ = nullptr;

  Timer timer_;  // for the connection's deadline, and for the turn that resumes
  EventLoop::Clock::time_point armed_for_{};
  std::size_t backlog_ = 0;  // bytes of output when it was last looked at
  EventLoop::Clock::time_point backlog_moved_at_{};
  std::unique_ptr<End> end_;  // while flushing
  std::optional<EventLoop::Clock::time_point> close_sent_at_;
  std::size_t lost_output_ = 0;          // what was queued when the connection was lost
  std::unique_ptr<net::Stream> stream_;  // must outlive the connection, which writes into it
  std::optional<protocol::Connection> connection_;
  std::unique_ptr<Opening> opening_;
};

// GCC 12, optimizing, takes a guard that leaves with its scope for a pointer that stays behind.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wdangling-pointer"
#endif

// On the stack of every function that the loop calls: the outermost one keeps an Impl alive whose
// WebSocket is destroyed meanwhile.
class WebSocket::Impl::Visit {
 public:
  explicit Visit(Impl& impl) : impl_(impl), is_outermost_(impl.visit_ == nullptr) {
    if (is_outermost_) {
      impl_.visit_ = this;
    }
  }

  ~Visit() {
    if (is_outermost_) {
      impl_.visit_ = nullptr;
    }
  }

  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  void adopt(std::unique_ptr<Impl> impl) { orphan_ = std::move(impl); }

 private:
  Impl& impl_;
  bool is_outermost_;
  std::unique_ptr<Impl> orphan_;
};

}  // namespace ws
