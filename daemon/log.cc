// SPDX-License-Identifier: MIT
// The log: spdlog filters by level and serialises the threads, the formats and the descriptor are
// our own.
#include "daemon/log.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include <spdlog/logger.h>

#include "daemon/log_folding.h"
#include "daemon/log_format.h"
#include "daemon/log_sink.h"

namespace wsbridged {
namespace {

using config::LogLevel;

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

}  // namespace

// Writes entries out, but for those that are folded.
struct Log::Impl {
  using Clock = LogFolding::Clock;

  Impl(const config::Log& settings, int descriptor)
      : formatter(settings.format, descriptor),
        logger("wsbridged", std::make_shared<DescriptorSink>(formatter, descriptor)) {
    logger.set_level(to_spdlog(settings.level));
    // spdlog's own handler would print to stderr.
    logger.set_error_handler([](const std::string&) {});
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      is_ending = true;
    }
    has_changed.notify_all();
    if (thread.joinable()) {
      thread.join();
    }
    write_all(folding.take_all(Clock::now()));
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void write(const LogEntry& entry) {
    if (entry.level < LogLevel::kWarn) {
      write_out(entry);
      return;
    }
    std::unique_lock lock(mutex);
    const bool is_admitted = folding.admit(entry, Clock::now());
    const std::vector<FoldedEntry> due = folding.take_due(Clock::now());
    const bool is_first = !thread.joinable() && folding.next_due();
    lock.unlock();
    write_all(due);
    if (is_admitted) {
      write_out(entry);
    } else {
      has_changed.notify_one();
    }
    if (is_first) {
      start_thread();
    }
  }

  void write_out(const LogEntry& entry) {
    const std::string line = formatter.format(entry);
    logger.log(to_spdlog(entry.level), spdlog::string_view_t(line.data(), line.size()));
  }

  void write_all(const std::vector<FoldedEntry>& entries) {
    for (const FoldedEntry& entry : entries) {
      write_out({std::chrono::system_clock::now(), entry.level, entry.message, entry.fields});
    }
  }

  void start_thread() {
    const std::lock_guard lock(mutex);
    if (!thread.joinable()) {
      thread = std::thread([this] { tell_when_due(); });
    }
  }

  // What was folded is told though nothing else is logged.
  void tell_when_due() {
    std::unique_lock lock(mutex);
    while (!is_ending) {
      if (const auto due = folding.next_due()) {
        has_changed.wait_until(lock, *due);
      } else {
        has_changed.wait(lock);
      }
      const std::vector<FoldedEntry> entries = folding.take_due(Clock::now());
      lock.unlock();
      write_all(entries);
      lock.lock();
    }
  }

  LogFormatter formatter;
  spdlog::logger logger;
  std::mutex mutex;  // of all below
  std::condition_variable has_changed;
  LogFolding folding;
  bool is_ending = false;
  std::thread thread;  // from the first folded entry on
};

Log::Log(const config::Log& settings, int descriptor)
    : impl_(std::make_unique<Impl>(settings, descriptor)) {}

Log::~Log() = default;

bool Log::is_on(Level level) const {
  return impl_->logger.should_log(to_spdlog(level));
}

void Log::set_level(Level level) {
  impl_->logger.set_level(to_spdlog(level));
}

void Log::set_format(config::LogFormat format) {
  impl_->formatter.set_format(format);
}

void Log::write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (!is_on(level)) {
    return;
  }
  try {
    impl_->write({std::chrono::system_clock::now(), level, message, fields});
  } catch (
      ...) {  // NOLINT(bugprone-empty-catch): out of memory must not make logging fail a session
  }
}

void Log::debug(std::string_view message, std::initializer_list<Field> fields) {
  write(Level::kDebug, message, fields);
}

void Log::info(std::string_view message, std::initializer_list<Field> fields) {
  write(Level::kInfo, message, fields);
}

void Log::warn(std::string_view message, std::initializer_list<Field> fields) {
  write(Level::kWarn, message, fields);
}

void Log::error(std::string_view message, std::initializer_list<Field> fields) {
  write(Level::kError, message, fields);
}

}  // namespace wsbridged
