// SPDX-License-Identifier: MIT
// The TLS contexts of all bridges: one for each distinct set of options, made anew when one of its
// files (authorities, certificate, key) changes. The system's store is not watched. Whoever waits
// for the files of some options keeps nobody from the others.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
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

  // For new connections. An error only when there has never been a context of these options. Blocks
  // while files of these options are read, by this thread or by another.
  [[nodiscard]] ws::Result<Current> get(const ws::TlsOptions& options);

  // Different options that are in use.
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    Entry(ws::TlsOptions all, std::vector<WatchedFile> watched)
        : options(std::move(all)), files(std::move(watched)) {}

    const ws::TlsOptions options;

    std::mutex reading;  // held while files are read; of the two below
    std::vector<WatchedFile> files;
    std::chrono::steady_clock::time_point retry{};  // when there is an error

    Current current{};  // TlsContexts::mutex_'s
  };

  [[nodiscard]] std::shared_ptr<Entry> find(const ws::TlsOptions& options) const;
  [[nodiscard]] ws::Result<Current> make(const ws::TlsOptions& options);
  [[nodiscard]] Current refresh(Entry& entry);
  [[nodiscard]] Current add(const std::shared_ptr<Entry>& made);

  mutable std::mutex mutex_;  // never held while a file is read
  std::vector<std::shared_ptr<Entry>> entries_;
};

}  // namespace wsbridged
