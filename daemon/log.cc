// SPDX-License-Identifier: MIT
// The log: spdlog filters by level and serialises the threads, the formats and the descriptor are
// our own.
#include "daemon/log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <mutex>

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include "daemon/log_format.h"
#include "daemon/log_output.h"

namespace wsbridged {
namespace {

// Absent is empty.
std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

// systemd.exec(5): JOURNAL_STREAM is "DEVICE:INODE" of the stream to the journal. A descriptor that
// was redirected since is another file.
bool is_journal(int descriptor) {
  struct stat status {};

  return ::fstat(descriptor, &status) == 0 &&
         variable("JOURNAL_STREAM") == fmt::format("{}:{}", status.st_dev, status.st_ino);
}

namespace {

using config::LogFormat;
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

LogFormat resolve_format(LogFormat format, int descriptor) {
  if (format != LogFormat::kAuto) {
    return format;
  }
  if (is_journal(descriptor)) {
    return LogFormat::kJournal;
  }
  return ::isatty(descriptor) == 1 ? LogFormat::kText : LogFormat::kJson;
}

// https://no-color.org: any non-empty value.
Colour resolve_colour(int descriptor) {
  const bool is_wanted = ::isatty(descriptor) == 1 && variable("NO_COLOR").empty() &&
                         variable("TERM") != "dumb" && !variable("TERM").empty();
  return is_wanted ? Colour::kYes : Colour::kNo;
}

class Formatter {
 public:
  Formatter(LogFormat format, int descriptor)
      : descriptor_(descriptor),
        format_(resolve_format(format, descriptor)),
        colour_(resolve_colour(descriptor)) {}

  void set_format(LogFormat format) { format_ = resolve_format(format, descriptor_); }

  [[nodiscard]] std::string format(LogLevel level, std::string_view message,
                                   std::initializer_list<Field> fields) const {
    const LogEntry entry{std::chrono::system_clock::now(), level, message, fields};
    switch (format_.load()) {
      case LogFormat::kText:
        return format_text(entry, colour_);
      case LogFormat::kJournal:
        return format_journal(entry);
      default:
        return format_json(entry);
    }
  }

 private:
  int descriptor_;
  std::atomic<LogFormat> format_;
  Colour colour_;
};

// Takes formatted lines. What a stalled descriptor does not take is counted and told later.
class DescriptorSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  DescriptorSink(const Formatter& formatter, int descriptor)
      : formatter_(formatter), output_(descriptor) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (lost_ > 0 && output_.is_writable() &&
        output_.write(formatter_.format(LogLevel::kWarn, "log entries were lost",
                                        {{"entry_count", lost_}}))) {
      lost_ = 0;
    }
    if (!output_.write(std::string(message.payload.data(), message.payload.size()))) {
      ++lost_;
    }
  }

  void flush_() override {}

 private:
  const Formatter& formatter_;
  LogOutput output_;
  std::uint64_t lost_ = 0;
};

}  // namespace

struct Log::Impl {
  Impl(const config::Log& settings, int descriptor)
      : formatter(settings.format, descriptor),
        logger("wsbridged", std::make_shared<DescriptorSink>(formatter, descriptor)) {
    logger.set_level(to_spdlog(settings.level));
    // spdlog's own handler would print to stderr.
    logger.set_error_handler([](const std::string&) {});
  }

  Formatter formatter;
  spdlog::logger logger;
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

void Log::set_format(LogFormat format) {
  impl_->formatter.set_format(format);
}

void Log::write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (!is_on(level)) {
    return;
  }
  try {
    const std::string line = impl_->formatter.format(level, message, fields);
    impl_->logger.log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
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
