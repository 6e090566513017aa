// SPDX-License-Identifier: MIT
// The end of a stream that nobody looks at any more. Closing a socket with unread input or unsent
// output makes the kernel reset it, which destroys what had already reached the peer's machine; so
// the loop keeps the stream until both directions have ended.
#include <utility>

#include <ws/event_loop.h>
#include <ws/net/stream.h>

#include "net/loop_context.h"

namespace ws::net {

namespace {

class ClosingStream final : public OwnedByLoop, private StreamHandler {
 public:
  ClosingStream(EventLoop& loop, std::unique_ptr<Stream> stream, std::chrono::milliseconds limit)
      : context_(loop.context()),
        has_ended_(stream->has_ended()),
        timer_(loop, [this] { finish(); }),
        stream_(std::move(stream)) {
    timer_.start(has_ended_ && stream_->is_hung_up() ? std::chrono::milliseconds(0) : limit);
    stream_->set_handler(this);
    stream_->set_high_water(0);
    stream_->notify_when_sent();
    stream_->shutdown_write();
    stream_->resume_reading();
  }

 private:
  void on_data(std::span<std::byte> /*bytes*/) override {}

  void on_eof(Eof /*eof*/) override {
    has_ended_ = true;
    finish_when_both_ended();
  }

  void on_sent() override {
    is_sent_ = true;
    finish_when_both_ended();
  }

  void on_failure(const Error& /*error*/) override { finish(); }

  void finish_when_both_ended() {
    if (has_ended_ && is_sent_) {
      finish();
    }
  }

  // Destroys this.
  void finish() { context_.disown(*this); }

  LoopContext& context_;
  bool has_ended_;
  bool is_sent_ = false;
  Timer timer_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace

void close_gracefully(EventLoop& loop, std::unique_ptr<Stream> stream,
                      std::chrono::milliseconds limit) {
  loop.context().own(std::make_unique<ClosingStream>(loop, std::move(stream), limit));
}

}  // namespace ws::net
