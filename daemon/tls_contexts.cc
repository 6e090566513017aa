// SPDX-License-Identifier: MIT
#include "daemon/tls_contexts.h"

#include <algorithm>
#include <utility>

namespace wsbridged {

namespace {

// A certificate and its key may be replaced one after the other.
constexpr std::chrono::seconds kRetry{1};

std::vector<WatchedFile> files_of(const ws::TlsOptions& options) {
  std::vector<WatchedFile> files;
  for (const std::string* path : {&options.ca_file, &options.cert_file, &options.key_file}) {
    if (!path->empty()) {
      (void)files.emplace_back(*path).look();
    }
  }
  return files;
}

bool look_at(std::vector<WatchedFile>& files) {
  bool has_changed = false;
  for (WatchedFile& file : files) {
    has_changed = file.look() || has_changed;
  }
  return has_changed;
}

}  // namespace

ws::Result<TlsContexts::Current> TlsContexts::get(const ws::TlsOptions& options) {
  const std::lock_guard lock(mutex_);
  const auto known = std::find_if(entries_.begin(), entries_.end(), [&options](const Entry& entry) {
    return entry.options == options;
  });
  if (known != entries_.end()) {
    refresh(*known);
    return Current{.context = known->context, .error = known->error};
  }
  auto files = files_of(options);  // before they are used: a change meanwhile is noticed next
  auto made = ws::make_tls_context(options);
  if (!made) {
    return made.error();
  }
  std::erase_if(entries_, [](const Entry& entry) { return entry.context.use_count() == 1; });
  entries_.push_back({.options = options, .files = std::move(files), .context = made.value()});
  return Current{.context = std::move(made.value()), .error = {}};
}

void TlsContexts::refresh(Entry& entry) {
  const auto now = std::chrono::steady_clock::now();
  const bool is_due = !entry.error.empty() && now >= entry.retry;
  if (!look_at(entry.files) && !is_due) {
    return;
  }
  auto made = ws::make_tls_context(entry.options);
  if (made) {
    entry.context = std::move(made.value());
    entry.error.clear();
  } else {
    entry.error = made.error().message;
    entry.retry = now + kRetry;
  }
}

std::size_t TlsContexts::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace wsbridged
