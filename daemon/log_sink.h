// SPDX-License-Identifier: MIT
// What log.cc puts together: an entry becomes text, and the text goes to the descriptor.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>

#include <spdlog/sinks/base_sink.h>

#include "config/config.h"
#include "daemon/log.h"
#include "daemon/log_format.h"
#include "daemon/log_output.h"

namespace wsbridged {

// Entries as text in the format that was chosen, which a reload may change meanwhile.
class LogFormatter {
 public:
  LogFormatter(config::LogFormat format, int descriptor)
      : descriptor_(descriptor),
        format_(resolve_format(format, descriptor)),
        colour_(colour_of(descriptor)) {}

  void set_format(config::LogFormat format) { format_ = resolve_format(format, descriptor_); }

  [[nodiscard]] std::string format(config::LogLevel level, std::string_view message,
                                   std::initializer_list<Field> fields) const {
    return format({std::chrono::system_clock::now(), level, message, fields});
  }

  [[nodiscard]] std::string format(const LogEntry& entry) const {
    switch (format_.load()) {
      case config::LogFormat::kText:
        return format_text(entry, colour_);
      case config::LogFormat::kJournal:
        return format_journal(entry);
      default:
        return format_json(entry);
    }
  }

 private:
  int descriptor_;
  std::atomic<config::LogFormat> format_;
  Colour colour_;
};

// Takes formatted lines. What a stalled descriptor does not take is counted and told later.
class DescriptorSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  DescriptorSink(const LogFormatter& formatter, int descriptor)
      : formatter_(formatter), output_(descriptor) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (lost_ > 0 && output_.is_writable() &&
        output_.write(formatter_.format(config::LogLevel::kWarn, "log entries were lost",
                                        {{"entry_count", lost_}}))) {
      lost_ = 0;
    }
    if (!output_.write(std::string(message.payload.data(), message.payload.size()))) {
      ++lost_;
    }
  }

  void flush_() override {}

 private:
  const LogFormatter& formatter_;
  LogOutput output_;
  std::uint64_t lost_ = 0;
};

}  // namespace wsbridged
