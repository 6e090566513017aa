// SPDX-License-Identifier: MIT
// TLS records on a socket, after the handshake.
#pragma once

#include <memory>

#include "net/tls_session.h"
#include "net/wire.h"

namespace ws::net {

class TlsWire final : public Wire {
 public:
  // The session's handshake is done.
  explicit TlsWire(std::unique_ptr<TlsSession> session);

  // Fills `buffer` from as many records as there are.
  [[nodiscard]] ReadResult read(std::span<std::byte> buffer) override;
  [[nodiscard]] WriteEnd write(ByteQueue& queue, WritePart part) override;
  [[nodiscard]] WriteEnd finish() override;

  [[nodiscard]] Wait write_wait() const override { return write_wait_; }

  [[nodiscard]] bool has_unsent() const override { return !session_->socket().unsent.empty(); }

  [[nodiscard]] bool has_buffered_input() const override { return may_hold_input_; }

  [[nodiscard]] std::optional<TlsInfo> tls_info() const override { return session_->info(); }

  [[nodiscard]] Error failure() const override;

 private:
  [[nodiscard]] ReadEnd end_of_read(int ssl_error);
  [[nodiscard]] WriteEnd end_of_write(int ssl_error);
  [[nodiscard]] WriteEnd blocked_on_socket();
  [[nodiscard]] WriteEnd write_record(ByteQueue& queue);

  std::unique_ptr<TlsSession> session_;
  const char* reason_ = nullptr;  // OpenSSL's words for a failure that is not the network's
  ReadEnd end_ = ReadEnd::kMore;  // once something else, for good
  bool sent_close_notify_ = false;
  Wait write_wait_ = Wait::kWritable;
  bool may_hold_input_ = true;  // the last records of the handshake may have brought data along
};

}  // namespace ws::net
