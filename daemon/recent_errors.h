// SPDX-License-Identifier: MIT
// The last problems, each with what to do about it, for the status page: the log's warnings for
// somebody who was not watching the log.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <vector>

namespace wsbridged {

struct RecentError {
  using Time = std::chrono::system_clock::time_point;
  Time time{};              // the last time
  std::uint64_t count = 1;  // equal ones are one entry
  std::string bridge{};
  std::uint64_t session = 0;  // the last one's; 0: of none
  std::string cause{};        // our own words
  std::string advice{};
  std::string peer_text{};  // the peer's words (a close reason), bounded and escaped here
};

// Thread-safe.
class RecentErrors {
 public:
  static constexpr std::size_t kMax = 50;       // the oldest goes
  static constexpr std::size_t kMaxText = 400;  // bytes of a cause or an advice

  // An error with the bridge, cause and advice of one that is there makes that one the latest.
  void add(RecentError error);
  // The latest first.
  [[nodiscard]] std::vector<RecentError> list() const;

 private:
  mutable std::mutex mutex_;
  std::list<RecentError> errors_;
};

}  // namespace wsbridged
