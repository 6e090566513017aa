// SPDX-License-Identifier: MIT
#include "net/socket_stream.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

// GCC 12, optimizing, takes a guard that leaves with its scope for a pointer that stays behind.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wdangling-pointer"
#endif

namespace ws::net {

namespace {

// So much is written before the turn ends, while it is in the processor's cache: what many streams
// keep for the turn's end comes back from memory.
constexpr std::size_t kWrittenAtOnce = std::size_t{32} << 10;

// One of the kernel's two queues of a socket.
std::size_t queue_size(int descriptor, unsigned long queue) {
  int size = 0;
  return ioctl(descriptor, queue, &size) == 0 && size > 0 ? static_cast<std::size_t>(size) : 0;
}

}  // namespace

// The loop's stay in a stream. It knows whether a handler destroyed or aborted the stream, and
// settles what to wait for on the way out, also when a handler throws.
class SocketStream::Turn {
 public:
  explicit Turn(SocketStream& stream) : stream_(&stream) { stream.turn_ = this; }

  ~Turn() {
    if (stream_ != nullptr) {
      stream_->turn_ = nullptr;
      stream_->settle();
    }
  }

  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  [[nodiscard]] bool is_over() const { return stream_ == nullptr || stream_->dead_; }

  void forget_stream() { stream_ = nullptr; }

 private:
  SocketStream* stream_;
};

SocketStream::SocketStream(LoopContext& context, int descriptor, std::unique_ptr<Wire> wire)
    : context_(context),
      wire_(std::move(wire)),
      descriptor_(descriptor),
      family_(family_of(descriptor)) {
  if (family_ == SocketFamily::kInternet) {
    const int on = 1;
    // Whole turns are written at once, so waiting to fill a segment only adds delay.
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
}

SocketStream::~SocketStream() {
  if (turn_ != nullptr) {
    turn_->forget_stream();
  }
  wait_for(0);
  if (descriptor_ >= 0) {
    close(descriptor_);
  }
}

void SocketStream::set_handler(StreamHandler* handler) {
  handler_ = handler;
  schedule();
}

void SocketStream::flush_soon() {
  if (output_.size() >= kWrittenAtOnce && !blocked_ && !failing_ && !dead_) {
    write_output(WritePart::kWholeRecords);
  }
  note_high_water();
  schedule();
}

void SocketStream::set_high_water(std::size_t bytes) {
  high_water_ = bytes;
  above_high_water_ = false;
  note_high_water();
}

void SocketStream::notify_when_sent() {
  wants_sent_ = true;
  schedule();
}

void SocketStream::resume_reading() {
  reading_ = true;
  schedule();
}

void SocketStream::pause_reading() {
  reading_ = false;
  schedule();
}

void SocketStream::shutdown_write() {
  wants_fin_ = true;
  schedule();
}

void SocketStream::abort() {
  dead_ = true;
  wait_for(0);
  if (descriptor_ >= 0) {
    if (family_ == SocketFamily::kInternet) {
      const linger reset{.l_onoff = 1, .l_linger = 0};
      setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    close(std::exchange(descriptor_, -1));
  }
}

std::size_t SocketStream::unacknowledged() const {
  return queue_size(descriptor_, SIOCOUTQ);
}

std::size_t SocketStream::unread() const {
  return queue_size(descriptor_, SIOCINQ);
}

bool SocketStream::is_hung_up() const {
  return dead_ || failing_ || tells_hang_up(poll_ends());
}

short SocketStream::poll_ends() const {
  pollfd entry{.fd = descriptor_, .events = POLLRDHUP, .revents = 0};
  return poll(&entry, 1, 0) > 0 ? entry.revents : short{0};
}

// After our own FIN the peer's alone makes a POLLHUP.
bool SocketStream::tells_hang_up(short ends) const {
  return (ends & POLLERR) != 0 || ((ends & POLLHUP) != 0 && !sent_fin_);
}

void SocketStream::on_event(evutil_socket_t /*descriptor*/, short what, void* self) noexcept {
  auto& stream = *static_cast<SocketStream*>(self);
  stream.context_.guard([&stream, what] { stream.handle_event(what); });
}

void SocketStream::handle_event(short what) {
  const Turn turn(*this);
  const short write_event = wire_->write_wait() == Wait::kReadable ? EV_READ : EV_WRITE;
  const bool can_write = blocked_ && (what & write_event) != 0;
  if ((events_ & EV_CLOSED) != 0) {
    notice_end(turn);
  }
  if (!turn.is_over() && may_receive() && (what & EV_READ) != 0) {
    receive(turn);
  }
  if (!turn.is_over() && can_write && !failing_) {
    blocked_ = false;
    send_output(turn);
  }
}

void SocketStream::flush() {
  if (dead_) {
    return;
  }
  const Turn turn(*this);
  if (failing_) {
    drain(turn);
    return;
  }
  if (may_receive() && wire_->has_buffered_input()) {
    // It may have been what the output waits for, and then no event will come for it.
    blocked_ = blocked_ && wire_->write_wait() == Wait::kWritable;
    receive(turn);
  }
  if (!turn.is_over() && !failing_) {
    send_output(turn);
  }
}

void SocketStream::receive(const Turn& turn) {
  const std::span<std::byte> buffer = context_.receive_buffer();
  const ReadResult result = wire_->read(buffer);
  if (result.size > 0) {
    handler_->on_data(buffer.first(result.size));
  }
  // A handler that paused hears of the end when it resumes: the wire tells it again.
  if (!turn.is_over() && may_receive()) {
    deliver_end(result.end);
  }
}

void SocketStream::deliver_end(ReadEnd end) {
  if (end == ReadEnd::kFailed) {
    fail();
  } else if (end == ReadEnd::kEof || end == ReadEnd::kTruncated) {
    ended_ = true;
    handler_->on_eof(end == ReadEnd::kEof ? Eof::kClean : Eof::kTruncated);
  }
}

void SocketStream::send_output(const Turn& turn) {
  note_high_water();
  if (!blocked_ && has_output()) {
    write_output(WritePart::kAll);
  }
  if (!blocked_ && !failing_ && !has_output() && wants_fin_ && !sent_fin_) {
    finish_output();
  }
  tell_sent(turn);
}

void SocketStream::write_output(WritePart part) {
  const WriteEnd end = wire_->write(output_, part);
  blocked_ = end == WriteEnd::kBlocked;
  if (end == WriteEnd::kMore) {
    schedule();
  } else if (end == WriteEnd::kFailed) {
    begin_to_fail();
  }
}

void SocketStream::finish_output() {
  const WriteEnd end = wire_->finish();
  blocked_ = end == WriteEnd::kBlocked;
  sent_fin_ = end == WriteEnd::kDone;
  if (end == WriteEnd::kFailed) {
    begin_to_fail();
  }
}

void SocketStream::tell_sent(const Turn& turn) {
  if (handler_ == nullptr || failing_) {
    return;
  }
  if (owes_drained()) {
    above_high_water_ = false;
    handler_->on_drained();
  }
  if (turn.is_over() || handler_ == nullptr) {
    return;
  }
  if (owes_sent()) {
    wants_sent_ = false;
    handler_->on_sent();
  }
}

void SocketStream::notice_end(const Turn& turn) {
  const short ends = poll_ends();
  const bool is_eof = (ends & POLLRDHUP) != 0 && (ends & POLLERR) == 0;  // a reset has both
  if (is_eof && !ended_ && !std::exchange(told_eof_ahead_, true)) {
    handler_->on_eof_ahead();
  }
  if (!turn.is_over() && !told_hang_up_ && tells_hang_up(ends)) {
    tell_hang_up();
  }
}

void SocketStream::tell_hang_up() {
  if (!std::exchange(told_hang_up_, true) && handler_ != nullptr) {
    handler_->on_hang_up();
  }
}

// A write failed, but the peer may have sent something before: a Close frame, say.
void SocketStream::begin_to_fail() {
  failing_ = true;
  blocked_ = false;
  schedule();
}

// One read a turn, until there is nothing more that was received; then the failure.
void SocketStream::drain(const Turn& turn) {
  if (handler_ == nullptr) {
    return;
  }
  if (!reading_ && !ended_) {
    tell_hang_up();
    return;
  }
  const std::span<std::byte> buffer = context_.receive_buffer();
  const ReadResult result = ended_ ? ReadResult{} : wire_->read(buffer);
  if (result.size > 0) {
    schedule();
    handler_->on_data(buffer.first(result.size));
    return;
  }
  if (result.end == ReadEnd::kEof || result.end == ReadEnd::kTruncated) {
    deliver_end(result.end);
  }
  if (!turn.is_over() && handler_ != nullptr) {
    fail();
  }
}

void SocketStream::fail() {
  dead_ = true;
  handler_->on_failure(wait_errno_ != 0 ? connection_lost(wait_errno_) : wire_->failure());
}

void SocketStream::settle() {
  wait_for(interest());
  if (has_work()) {
    schedule();
  }
}

// Is there something to do that no event of the socket will remind us of? Most of it is scheduled
// already; the rest is what a handler that threw kept from being done.
bool SocketStream::has_work() const {
  if (dead_ || failing_) {
    return false;
  }
  const bool can_read = may_receive() && wire_->has_buffered_input();
  const bool can_write = !blocked_ && (has_output() || wants_fin_ != sent_fin_);
  return can_read || can_write || (handler_ != nullptr && (owes_drained() || owes_sent()));
}

bool SocketStream::owes_drained() const {
  return above_high_water_ && output_.size() <= high_water_ / 2;
}

bool SocketStream::owes_sent() const {
  return wants_sent_ && !has_output() && wants_fin_ == sent_fin_;
}

short SocketStream::interest() const {
  if (dead_ || failing_) {
    return 0;
  }
  int events = 0;
  if (may_receive()) {
    events |= EV_READ;
  }
  if (blocked_) {
    events |= wire_->write_wait() == Wait::kReadable ? EV_READ : EV_WRITE;
  }
  const bool cares_for_hang_up =
      handler_ != nullptr && !may_receive() && !told_hang_up_ && !(ended_ && sent_fin_);
  if (cares_for_hang_up && (events & EV_READ) == 0) {
    // EV_WRITE because libevent reports a reset (EPOLLERR) as readable and writable only.
    events = EV_CLOSED | EV_WRITE | EV_ET;
  }
  return static_cast<short>(events == 0 ? 0 : events | EV_PERSIST);
}

void SocketStream::wait_for(short events) {
  if (events == events_) {
    return;
  }
  if (events_ != 0) {
    event_del(&event_);
  }
  events_ = events;
  if (events != 0) {
    event_assign(&event_, context_.base(), descriptor_, events, on_event, this);
  }
  if (events != 0 && event_add(&event_, nullptr) != 0) {
    cannot_wait(errno);
  }
}

// epoll_ctl(2): no memory, or too many are watched. Nothing would ever come from the socket again;
// a hang-up alone is looked for again at the next change.
void SocketStream::cannot_wait(int reason) {
  const bool is_only_for_hang_up = (events_ & EV_CLOSED) != 0 && !blocked_;
  events_ = 0;
  if (!is_only_for_hang_up) {
    wait_errno_ = reason != 0 ? reason : ENOMEM;
    begin_to_fail();
  }
}

void SocketStream::note_high_water() {
  if (high_water_ != 0 && output_.size() > high_water_) {
    above_high_water_ = true;
  }
}

std::unique_ptr<Stream> adopt_socket(EventLoop& loop, int descriptor) {
  return std::make_unique<SocketStream>(
      loop.context(), descriptor, std::make_unique<SocketWire>(descriptor, family_of(descriptor)));
}

}  // namespace ws::net
