// SPDX-License-Identifier: MIT
// The TLS contexts of all bridges: one for each distinct set of options, made anew when one of its
// files (authorities, certificate, key) changes. The system's store is not watched.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <ws/options.h>

#include "daemon/watched_file.h"

namespace wsbridged {

// May be used from any number of threads.
class TlsContexts {
 public:
  struct Current {
    std::shared_ptr<const ws::TlsContext> context;
    std::string error;  // why changed files are not used; `context` is that of before
  };

  // For new connections. An error only when there has never been a context of these options.
  [[nodiscard]] ws::Result<Current> get(const ws::TlsOptions& options);

  // Different options that are in use.
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    ws::TlsOptions options;
    std::vector<WatchedFile> files;
    std::shared_ptr<const ws::TlsContext> context;
    std::string error{};
    std::chrono::steady_clock::time_point retry{};  // when there is an error
  };

  static void refresh(Entry& entry);

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace wsbridged
