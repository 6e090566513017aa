// SPDX-License-Identifier: MIT
#include "daemon/tls_contexts.h"

#include <algorithm>
#include <utility>

namespace wsbridged {

namespace {

// A certificate and its key may be replaced one after the other.
constexpr std::chrono::seconds kRereadAfter{1};

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

// Holding on to an entry keeps it from being dropped. The mutex is the caller's.
std::shared_ptr<TlsContexts::Entry> TlsContexts::find(const ws::TlsOptions& options) const {
  const auto known = std::find_if(entries_.begin(), entries_.end(), [&options](const auto& entry) {
    return entry->options == options;
  });
  return known != entries_.end() ? *known : nullptr;
}

ws::Result<TlsContexts::Current> TlsContexts::get(const ws::TlsOptions& options) {
  const std::shared_ptr<Entry> known = [this, &options] {
    const std::lock_guard lock(mutex_);
    return find(options);
  }();
  return known != nullptr ? refresh(*known) : make(options);
}

ws::Result<TlsContexts::Current> TlsContexts::make(const ws::TlsOptions& options) {
  // Before they are used: a change meanwhile is noticed next.
  const auto entry = std::make_shared<Entry>(options, files_of(options));
  auto made = ws::make_tls_context(options);
  if (!made) {
    return made.error();
  }
  entry->current.context = std::move(made.value());
  return add(entry);
}

// Two threads may have made the same at once: the first one counts.
TlsContexts::Current TlsContexts::add(const std::shared_ptr<Entry>& made) {
  const std::lock_guard lock(mutex_);
  if (const auto known = find(made->options)) {
    return known->current;
  }
  std::erase_if(entries_, [](const auto& entry) {
    return entry.use_count() == 1 && entry->current.context.use_count() == 1;
  });
  entries_.push_back(made);
  return made->current;
}

TlsContexts::Current TlsContexts::refresh(Entry& entry) {
  const std::lock_guard reading(entry.reading);
  const auto before = [this, &entry] {
    const std::lock_guard lock(mutex_);
    return entry.current;
  }();
  const auto now = std::chrono::steady_clock::now();
  const bool is_due = !before.error.empty() && now >= entry.retry;
  if (!look_at(entry.files) && !is_due) {
    return before;
  }
  auto made = ws::make_tls_context(entry.options);
  if (!made) {
    entry.retry = now + kRereadAfter;
  }
  const std::lock_guard lock(mutex_);
  entry.current = made ? Current{.context = std::move(made.value()), .error = {}}
                       : Current{.context = before.context, .error = made.error().message};
  return entry.current;
}

std::size_t TlsContexts::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace wsbridged
