// SPDX-License-Identifier: MIT
// Notices that a small file has changed, also by a symbolic link that leads elsewhere now (certbot,
// Kubernetes), at the price of one stat(2) as long as it has not.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <string>

namespace wsbridged {

// Belongs to one thread at a time. What it holds of a file is its state, not its content.
class WatchedFile {
 public:
  explicit WatchedFile(std::string path) : path_(std::move(path)) {}

  // Has the content, or whether there is one that can be read, changed since the last look? Always
  // true for the first. A file over 4 MiB counts as one that cannot be read.
  [[nodiscard]] bool look();

 private:
  struct State {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::chrono::nanoseconds modified{};
    std::chrono::nanoseconds changed{};
    int failure = -1;  // errno of stat(2), 0 when there is a file
    bool operator==(const State&) const = default;
  };

  [[nodiscard]] static State state_of(const std::string& path);

  std::string path_;
  State state_;
  bool is_settled_ = false;  // it cannot have changed since without another state
  std::size_t content_ = 0;  // a hash
};

}  // namespace wsbridged
