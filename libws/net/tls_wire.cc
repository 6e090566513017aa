// SPDX-License-Identifier: MIT
#include "net/tls_wire.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "net/socket_wire.h"
#include "net/tls_failure.h"

namespace ws::net {

namespace {

// The most that one record carries (RFC 8446 section 5.1).
constexpr std::size_t kRecord = std::size_t{16} << 10;
// What one stream may encrypt in a turn before the others have theirs.
constexpr std::size_t kTlsShare = std::size_t{256} << 10;

// The first bytes of a queue in one piece: where they lie when they do, else copied together.
class NextRecord {
 public:
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): copy_ is filled only when it is used
  NextRecord(const ByteQueue& queue, std::size_t size) {
    if (queue.front().size() >= size) {
      bytes_ = queue.front().first(size);
      return;
    }
    std::array<std::span<const std::byte>, kSegments> spans;
    const std::size_t count = queue.gather(spans);
    std::size_t copied = 0;
    for (std::size_t i = 0; i < count && copied < size; ++i) {
      const auto part = spans[i].first(std::min(spans[i].size(), size - copied));
      std::copy(part.begin(), part.end(), copy_.begin() + static_cast<std::ptrdiff_t>(copied));
      copied += part.size();
    }
    bytes_ = std::span(copy_).first(copied);
  }

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kSegments = 16;

  std::span<const std::byte> bytes_;
  std::array<std::byte, kRecord> copy_;
};

}  // namespace

TlsWire::TlsWire(std::unique_ptr<TlsSession> session) : session_(std::move(session)) {
  // A peer that leaves without close_notify ends its own direction only; ours may still carry the
  // answer to its Close frame. TlsSocket knows how it ended.
  SSL_set_options(session_->ssl(), SSL_OP_IGNORE_UNEXPECTED_EOF);
}

ReadResult TlsWire::read(std::span<std::byte> buffer) {
  std::size_t filled = 0;
  session_->socket().is_drained = false;
  while (end_ == ReadEnd::kMore && filled < buffer.size()) {
    std::size_t size = 0;
    ERR_clear_error();
    const int result =
        SSL_read_ex(session_->ssl(), buffer.data() + filled, buffer.size() - filled, &size);
    if (result != 1) {
      return {filled, end_of_read(SSL_get_error(session_->ssl(), result))};
    }
    filled += size;
  }
  may_hold_input_ = end_ != ReadEnd::kMore || session_->socket().has_ahead() ||
                    SSL_has_pending(session_->ssl()) == 1;
  return {filled, end_};
}

ReadEnd TlsWire::end_of_read(int ssl_error) {
  const TlsSocket& socket = session_->socket();
  if (ssl_error == SSL_ERROR_WANT_READ) {
    may_hold_input_ = false;
    return ReadEnd::kBlocked;
  }
  if (socket.has_eof && socket.write_errno == 0) {
    end_ = ReadEnd::kTruncated;
  } else if (ssl_error == SSL_ERROR_ZERO_RETURN && !socket.has_eof) {
    end_ = ReadEnd::kEof;
  } else {
    end_ = ReadEnd::kFailed;
    reason_ = reason_of(ERR_peek_error());
  }
  may_hold_input_ = true;  // the end itself
  return end_;
}

WriteEnd TlsWire::write(ByteQueue& queue, WritePart part) {
  TlsSocket& socket = session_->socket();
  socket.is_drained = false;
  const std::size_t before = queue.size();
  const std::size_t least = part == WritePart::kWholeRecords ? kRecord : 1;
  while (socket.send_unsent()) {
    if (queue.size() < least) {
      return WriteEnd::kDone;
    }
    if (before - queue.size() >= kTlsShare) {
      return WriteEnd::kMore;
    }
    const WriteEnd end = write_record(queue);
    if (end != WriteEnd::kDone) {
      return end;
    }
  }
  return blocked_on_socket();
}

WriteEnd TlsWire::blocked_on_socket() {
  write_wait_ = Wait::kWritable;
  return session_->socket().write_errno == 0 ? WriteEnd::kBlocked : WriteEnd::kFailed;
}

WriteEnd TlsWire::write_record(ByteQueue& queue) {
  const NextRecord record(queue, std::min(queue.size(), kRecord));
  std::size_t size = 0;
  ERR_clear_error();
  const int result =
      SSL_write_ex(session_->ssl(), record.bytes().data(), record.bytes().size(), &size);
  if (result != 1 || session_->socket().write_errno != 0) {
    return end_of_write(SSL_get_error(session_->ssl(), result));
  }
  queue.consume(size);
  return WriteEnd::kDone;
}

WriteEnd TlsWire::end_of_write(int ssl_error) {
  if (session_->socket().write_errno == 0) {
    if (ssl_error == SSL_ERROR_WANT_READ) {  // renegotiating: first ours must go out, though
      write_wait_ = session_->socket().send_unsent() ? Wait::kReadable : Wait::kWritable;
      return WriteEnd::kBlocked;
    }
    reason_ = reason_of(ERR_peek_error());
  }
  return WriteEnd::kFailed;
}

WriteEnd TlsWire::finish() {
  if (!sent_close_notify_) {
    ERR_clear_error();
    SSL_shutdown(session_->ssl());
    sent_close_notify_ = true;
  }
  if (!session_->socket().send_unsent()) {
    return blocked_on_socket();
  }
  // Whatever became of close_notify, the peer shall see an end.
  shutdown(session_->socket().descriptor, SHUT_WR);
  return WriteEnd::kDone;
}

Error TlsWire::failure() const {
  const TlsSocket& socket = session_->socket();
  if (socket.write_errno != 0 || socket.read_errno != 0) {
    return connection_lost(socket.write_errno != 0 ? socket.write_errno : socket.read_errno);
  }
  return {.phase = Phase::kOpen,
          .code = ErrorCode::kConnectionLost,
          .message = std::string("connection lost: TLS: ") +
                     (reason_ != nullptr ? reason_ : "unknown error")};
}

}  // namespace ws::net
