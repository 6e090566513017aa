// SPDX-License-Identifier: MIT
#include "net/proxy_tunnel.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <span>
#include <system_error>
#include <utility>

#include "net/event_handle.h"
#include "net/loop_context.h"

namespace ws::net {

class ProxyTunnel::Impl final : private Flushable {
 public:
  Impl(LoopContext& context, Descriptor socket, std::unique_ptr<protocol::ProxyDialogue> dialogue,
       Callback on_done)
      : context_(context),
        socket_(std::move(socket)),
        dialogue_(std::move(dialogue)),
        on_done_(std::move(on_done)),
        event_(make_event(context.base(), socket_.get(), 0, on_event, this)) {
    context_.flush_at_end_of_turn(*this);
  }

  ~Impl() override { event_.reset(); }  // before the descriptor it watches

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] protocol::ProxyDialogue& dialogue() { return *dialogue_; }

 private:
  using Progress = protocol::ProxyDialogue::Progress;

  static void on_event(evutil_socket_t /*descriptor*/, short what, void* self) noexcept {
    auto& impl = *static_cast<Impl*>(self);
    impl.context_.guard([&impl, what] {
      if ((what & EV_READ) != 0) {
        impl.receive();
      } else {
        impl.send_and_wait();
      }
    });
  }

  void flush() override { send_and_wait(); }

  void send_and_wait() {
    unsent_ += dialogue_->take_output();
    while (!unsent_.empty()) {
      const ssize_t sent = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) {
        continue;
      }
      if (sent < 0) {
        // A proxy that closes may have said why: what it sent is still read.
        unsent_ = errno == EAGAIN ? std::move(unsent_) : std::string();
        break;
      }
      unsent_.erase(0, static_cast<std::size_t>(sent));
    }
    const short what = unsent_.empty() ? EV_READ : EV_READ | EV_WRITE;
    event_assign(event_.get(), context_.base(), socket_.get(), what, on_event, this);
    event_add(event_.get(), nullptr);
  }

  // Looks first and takes then, so that what belongs to the server stays in the socket.
  void receive() {
    std::array<std::byte, kReadSize> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_PEEK);
    if (size < 0) {
      read_failed(errno);
      return;
    }
    if (size == 0) {
      judge(dialogue_->receive_eof());
      return;
    }
    const auto step = dialogue_->receive(std::span(buffer).first(static_cast<std::size_t>(size)));
    (void)::recv(socket_.get(), buffer.data(), step.taken, 0);
    judge(step.progress);
  }

  void read_failed(int reason) {
    if (reason == EAGAIN || reason == EINTR) {
      send_and_wait();
    } else if (dialogue_->give_up() == Progress::kFailed) {
      judge(Progress::kFailed);
    } else {
      finish(Error{
          .phase = Phase::kProxy,
          .code = ErrorCode::kConnectionLost,
          .message = "proxy " + dialogue_->proxy() + ": " + std::generic_category().message(reason),
          .system_errno = reason});
    }
  }

  void judge(Progress progress) {
    switch (progress) {
      case Progress::kNeedMore:
        send_and_wait();
        break;
      case Progress::kDone:
        finish(std::move(socket_));
        break;
      case Progress::kFailed:
        finish(dialogue_->error());
        break;
    }
  }

  // Last: the callback may destroy this.
  void finish(Result<Descriptor> result) {
    event_.reset();
    const Callback on_done = std::move(on_done_);
    on_done(std::move(result));
  }

  static constexpr std::size_t kReadSize = 4096;

  LoopContext& context_;
  Descriptor socket_;
  std::unique_ptr<protocol::ProxyDialogue> dialogue_;
  Callback on_done_;
  std::string unsent_;
  EventHandle event_;
};

ProxyTunnel::ProxyTunnel(EventLoop& loop, Descriptor socket,
                         std::unique_ptr<protocol::ProxyDialogue> dialogue, Callback on_done)
    : impl_(std::make_unique<Impl>(loop.context(), std::move(socket), std::move(dialogue),
                                   std::move(on_done))) {}

ProxyTunnel::~ProxyTunnel() = default;

std::string ProxyTunnel::progress() const {
  return "asking the proxy " + impl_->dialogue().proxy() + " for " +
         impl_->dialogue().destination();
}

std::optional<Error> ProxyTunnel::give_up() {
  auto& dialogue = impl_->dialogue();
  const bool has_failed = dialogue.give_up() == protocol::ProxyDialogue::Progress::kFailed;
  return has_failed ? std::optional(dialogue.error()) : std::nullopt;
}

}  // namespace ws::net
