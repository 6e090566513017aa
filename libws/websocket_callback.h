// SPDX-License-Identifier: MIT
// Calls a std::function that may be replaced, cleared or copied by its owner while it runs.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <ws/options.h>

namespace ws {

template <typename Signature>
class PinnedCallback;

// Beside each slot that a user may assign to at any time. pin() moves the user's function out of
// the slot into a shared cell, once, and leaves a function in the slot that calls the cell. So a
// call costs neither an allocation nor a count, what the user reads back or copies is still his
// function, and replacing it does not destroy the one that runs. One call at a time.
template <typename... Arguments>
class PinnedCallback<void(Arguments...)> {
 public:
  using Function = std::function<void(Arguments...)>;

  // The function to call, nullptr when the slot is empty. Valid until the next pin() or release().
  // It may destroy a function that was replaced, with all that one owned.
  [[nodiscard]] const Function* pin(Function& slot) {
    const auto* shared = slot.template target<Shared>();
    if (shared != nullptr && shared->cell == cell_) {
      return cell_.get();
    }
    if (shared != nullptr) {
      cell_ = std::shared_ptr<Function>(shared->cell);
    } else if (slot) {
      auto cell = std::make_shared<Function>(std::move(slot));
      slot = Shared{cell};
      cell_ = std::move(cell);
    } else {
      cell_.reset();
    }
    return cell_.get();
  }

  // After the call: lets go of a function that the slot does not hold any more.
  void release_replaced(const Function& slot) {
    const auto* shared = slot.template target<Shared>();
    if (shared == nullptr || shared->cell != cell_) {
      cell_.reset();
    }
  }

 private:
  struct Shared {
    std::shared_ptr<Function> cell;

    void operator()(Arguments... arguments) const {
      (*cell)(std::forward<Arguments>(arguments)...);
    }
  };

  std::shared_ptr<Function> cell_;
};

// The callbacks of a WebSocket that has no handler, each with its pin.
struct CallbackSlots {
  Callbacks slots;
  PinnedCallback<void(WebSocket&)> on_open{};
  PinnedCallback<void(WebSocket&, const Message&)> on_message{};
  PinnedCallback<void(WebSocket&, std::span<const Message>)> on_messages{};
  PinnedCallback<void(WebSocket&, const MessageChunk&)> on_message_chunk{};
  PinnedCallback<void(WebSocket&)> on_read_end{};
  PinnedCallback<void(WebSocket&)> on_drain{};
  PinnedCallback<void(WebSocket&, std::string_view)> on_pong{};
  PinnedCallback<void(WebSocket&, std::chrono::microseconds)> on_round_trip{};
  PinnedCallback<void(WebSocket&, const Error&)> on_error{};
  PinnedCallback<void(WebSocket&, const CloseInfo&)> on_close{};
};

// Where each kind of callback is found; a handler has none for those without a method.
template <typename... Told>
struct CallbackKind {
  std::function<void(WebSocket&, Told...)> Callbacks::*slot;
  PinnedCallback<void(WebSocket&, Told...)> CallbackSlots::*pin;
  void (WebSocketHandler::*method)(WebSocket&, Told...) = nullptr;
};

namespace callback {

inline constexpr CallbackKind<> kOpen{&Callbacks::on_open, &CallbackSlots::on_open,
                                      &WebSocketHandler::on_open};
inline constexpr CallbackKind<const Message&> kMessage{&Callbacks::on_message,
                                                       &CallbackSlots::on_message};
inline constexpr CallbackKind<std::span<const Message>> kMessages{
    &Callbacks::on_messages, &CallbackSlots::on_messages, &WebSocketHandler::on_messages};
inline constexpr CallbackKind<const MessageChunk&> kMessageChunk{&Callbacks::on_message_chunk,
                                                                 &CallbackSlots::on_message_chunk};
inline constexpr CallbackKind<> kReadEnd{&Callbacks::on_read_end, &CallbackSlots::on_read_end,
                                         &WebSocketHandler::on_read_end};
inline constexpr CallbackKind<> kDrain{&Callbacks::on_drain, &CallbackSlots::on_drain,
                                       &WebSocketHandler::on_drain};
inline constexpr CallbackKind<std::string_view> kPong{&Callbacks::on_pong, &CallbackSlots::on_pong,
                                                      &WebSocketHandler::on_pong};
inline constexpr CallbackKind<std::chrono::microseconds> kRoundTrip{
    &Callbacks::on_round_trip, &CallbackSlots::on_round_trip, &WebSocketHandler::on_round_trip};
inline constexpr CallbackKind<const Error&> kError{&Callbacks::on_error, &CallbackSlots::on_error,
                                                   &WebSocketHandler::on_error};
inline constexpr CallbackKind<const CloseInfo&> kClose{
    &Callbacks::on_close, &CallbackSlots::on_close, &WebSocketHandler::on_close};

}  // namespace callback

}  // namespace ws
