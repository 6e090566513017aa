// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <optional>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "net/event_handle.h"
#include "net/loop_context.h"
#include "net/socket_stream.h"
#include "net/tls.h"
#include "net/tls_failure.h"
#include "net/tls_session.h"
#include "net/tls_wire.h"

namespace ws::net {

class TlsHandshake::Impl final : private Flushable {
 public:
  Impl(LoopContext& context, int descriptor, Result<std::unique_ptr<TlsSession>> session,
       Callback on_done)
      : context_(context),
        descriptor_(descriptor),
        session_(std::move(session)),
        on_done_(std::move(on_done)),
        event_(make_event(context.base(), descriptor, 0, on_event, this)) {
    context_.flush_at_end_of_turn(*this);
  }

  ~Impl() override {
    event_.reset();
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

 private:
  static void on_event(evutil_socket_t /*descriptor*/, short /*what*/, void* self) noexcept {
    auto& impl = *static_cast<Impl*>(self);
    impl.context_.guard([&impl] { impl.advance(); });
  }

  void flush() override { advance(); }

  void advance() {
    if (!session_) {
      finish(session_.error());
      return;
    }
    SSL* const ssl = session_.value()->ssl();
    session_.value()->socket().is_drained = false;
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl);
    const bool is_sent = session_.value()->socket().send_unsent();
    if (result == 1) {
      note();
      succeed();
      return;
    }
    const int error = SSL_get_error(ssl, result);
    if (error == SSL_ERROR_WANT_READ) {
      wait_for(is_sent ? EV_READ : EV_READ | EV_WRITE);
    } else {
      note();
      session_.value()->give_up();
      finish(handshake_failure(*session_.value(), error));
    }
  }

  void wait_for(short what) {
    event_assign(event_.get(), context_.base(), descriptor_, what, on_event, this);
    event_add(event_.get(), nullptr);
  }

  void note() const {
    if (OpeningDetails* const details = context_.opening_details()) {
      session_.value()->note(*details);
    }
  }

  void succeed() {
    if (auto error = session_.value()->accept()) {
      finish(*std::move(error));
      return;
    }
    auto wire = std::make_unique<TlsWire>(std::move(session_.value()));
    finish(std::unique_ptr<Stream>(
        std::make_unique<SocketStream>(context_, std::exchange(descriptor_, -1), std::move(wire))));
  }

  // Last: the callback may destroy this.
  void finish(Result<std::unique_ptr<Stream>> result) {
    const Callback on_done = std::move(on_done_);
    on_done(std::move(result));
  }

  LoopContext& context_;
  int descriptor_;
  Result<std::unique_ptr<TlsSession>> session_;
  Callback on_done_;
  EventHandle event_;
};

TlsHandshake::TlsHandshake(EventLoop& loop, int descriptor, TlsTarget target, Callback on_done)
    : impl_(std::make_unique<Impl>(loop.context(), descriptor,
                                   TlsSession::make(std::move(target), descriptor),
                                   std::move(on_done))) {}

TlsHandshake::~TlsHandshake() = default;

}  // namespace ws::net
