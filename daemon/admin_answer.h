// SPDX-License-Identifier: MIT
// Whoever waits for an answer of the admin listener. Several may get the same one: then it is there
// once, until the last of them has it.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "daemon/admin_response.h"

namespace wsbridged {

// Belongs to the admin listener's thread, wherever its copies are.
class AdminAnswer {
 public:
  using Shared = std::shared_ptr<const AdminResponse>;

  // `take` does nothing once `is_awaited` is false: the connection is over, or has an answer.
  AdminAnswer(std::function<void(const Shared&)> take, std::function<bool()> is_awaited)
      : take_(std::move(take)), is_awaited_(std::move(is_awaited)) {}

  void operator()(AdminResponse response) const {
    take_(std::make_shared<const AdminResponse>(std::move(response)));
  }

  void share(const Shared& response) const { take_(response); }

  [[nodiscard]] bool is_awaited() const { return is_awaited_(); }

 private:
  std::function<void(const Shared&)> take_;
  std::function<bool()> is_awaited_;
};

}  // namespace wsbridged
