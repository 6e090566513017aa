// SPDX-License-Identifier: MIT
// Sends one message in pieces, without knowing its length beforehand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <ws/export.h>

namespace ws {

class WebSocket;

/// What became of something that was to be sent.
enum class SendResult : std::uint8_t {
  kSent,         ///< taken
  kQueued,       ///< taken, and buffered_amount() is now above send_high_water: wait for on_drain
  kRefused,      ///< not taken: not open, a message is being written, or it could exceed send_limit
  kInvalidUtf8,  ///< not taken: text must be UTF-8 (RFC 6455 section 5.6)
};

/// A message under way, made by WebSocket::start_message(). It goes out in frames of 16 to 64 KiB
/// (RFC 6455 section 5.4); what is not enough for one waits in the writer for more, 16 KiB at most.
/// Compressed like other messages, it is one that is longer than the threshold, unless it turns out
/// to be shorter before the first frame has gone.
///
/// One writer at a time: until it is finished or destroyed, send() and send_binary() are refused;
/// pings, pongs and close() go their way between the frames. Belongs to the WebSocket's thread; it
/// may outlive the WebSocket, and refuses everything then.
class WS_EXPORT MessageWriter {
 public:
  /// A writer of nothing: it refuses everything.
  MessageWriter() = default;
  /// Destroying an unfinished writer leaves the peer with half a message, for which RFC 6455 has no
  /// other remedy than the end: the connection is closed with 1011. When nothing of the message has
  /// gone out yet, it is as if it had never been begun.
  ~MessageWriter();
  /// The other one is a writer of nothing afterwards.
  MessageWriter(MessageWriter&& other) noexcept;
  /// The message that was being written is left unfinished, as by the destructor.
  MessageWriter& operator=(MessageWriter&& other) noexcept;
  MessageWriter(const MessageWriter&) = delete;
  MessageWriter& operator=(const MessageWriter&) = delete;

  /// Takes a piece of the message, all of it or nothing. A piece of text may end within a
  /// character, the next one then goes on there. After kRefused for want of room (see
  /// Options::send_limit) the same piece may be tried again, after on_drain.
  [[nodiscard]] SendResult write(std::string_view piece);
  /// The same, for bytes.
  [[nodiscard]] SendResult write(std::span<const std::byte> piece);
  /// Ends the message; the writer is of no use afterwards. kInvalidUtf8: the text ends within a
  /// character, and is not ended.
  [[nodiscard]] SendResult finish();

  /// May something be written? False after finish(), and once the WebSocket is not open any more.
  [[nodiscard]] bool is_open() const;

 private:
  friend class WebSocket;

  explicit MessageWriter(WebSocket& socket);
  void attach(WebSocket* socket) noexcept;
  void abandon() noexcept;

  WebSocket* socket_ = nullptr;  // nullptr: finished, or the WebSocket is gone
};

}  // namespace ws
