// SPDX-License-Identifier: MIT
// The items to flush at the end of a turn, in the order in which they asked.
#pragma once

#include "net/loop_context.h"

namespace ws::net {

// A ring through the items themselves: adding and removing allocate nothing, and an item that is
// destroyed takes itself out.
class FlushList {
 public:
  FlushList() = default;
  ~FlushList();
  FlushList(const FlushList&) = delete;
  FlushList& operator=(const FlushList&) = delete;

  // Does nothing when the item is already on a list.
  void add(Flushable& item);
  // Removes the first item; nullptr when there is none.
  [[nodiscard]] Flushable* take_first();
  // Moves everything of `other` to the end of this list.
  void take_all(FlushList& other);

  [[nodiscard]] bool empty() const { return ring_.next == &ring_; }

 private:
  FlushLink ring_{&ring_, &ring_};
};

}  // namespace ws::net
