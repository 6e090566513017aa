// SPDX-License-Identifier: MIT
// Whole messages that came in one read, on their way to be told together.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>

#include <ws/options.h>

namespace ws::protocol {

// Holds views, no payload; lives on the stack of whoever collects. Its bounds are what one telling
// may add to a queue that is looked at between tellings.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): see room_
class MessageBatch {
 public:
  static constexpr std::size_t kMaxMessages = 64;
  static constexpr std::size_t kMaxBytes = std::size_t{64} << 10;  // of all payloads together

  [[nodiscard]] bool has_room_for(std::size_t size) const {
    return count_ < kMaxMessages && size <= kMaxBytes - byte_count_;
  }

  // Precondition: has_room_for() its size.
  void push(MessageType type, std::string_view data) {
    std::construct_at(begin() + count_, Message{.type = type, .data = data});
    ++count_;
    byte_count_ += data.size();
  }

  [[nodiscard]] bool empty() const { return count_ == 0; }

  [[nodiscard]] std::size_t byte_count() const { return byte_count_; }

  [[nodiscard]] std::span<const Message> messages() { return {begin(), count_}; }

 private:
  static_assert(std::is_trivially_destructible_v<Message>);

  [[nodiscard]] Message* begin() { return reinterpret_cast<Message*>(room_.data()); }

  std::size_t count_ = 0;
  std::size_t byte_count_ = 0;
  // Not an array of messages: setting all of them to nothing would cost more than a few do.
  alignas(Message) std::array<std::byte, kMaxMessages * sizeof(Message)> room_;
};

}  // namespace ws::protocol
