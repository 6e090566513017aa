// SPDX-License-Identifier: MIT
// Calls a std::function that may be replaced, cleared or copied by its owner while it runs.
#pragma once

#include <functional>
#include <memory>
#include <utility>

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

}  // namespace ws
