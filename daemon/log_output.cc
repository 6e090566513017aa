// SPDX-License-Identifier: MIT
// poll() before each write(): a pipe that polls writable takes PIPE_BUF bytes at once, so that a
// blocking descriptor does not block.
#include "daemon/log_output.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include <fmt/format.h>

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

config::LogFormat resolve_format(config::LogFormat format, int descriptor) {
  if (format != config::LogFormat::kAuto) {
    return format;
  }
  if (is_journal(descriptor)) {
    return config::LogFormat::kJournal;
  }
  return ::isatty(descriptor) == 1 ? config::LogFormat::kText : config::LogFormat::kJson;
}

Colour colour_of(int descriptor) {
  const bool is_wanted = ::isatty(descriptor) == 1 && variable("NO_COLOR").empty() &&
                         variable("TERM") != "dumb" && !variable("TERM").empty();
  return is_wanted ? Colour::kYes : Colour::kNo;
}

LogOutput::LogOutput(int descriptor, std::chrono::milliseconds patience)
    : descriptor_(descriptor), patience_(patience) {}

bool LogOutput::write(std::string line) {
  if (is_mid_line_) {
    line.insert(0, 1, '\n');
  }
  line += '\n';
  const Clock::time_point deadline =
      Clock::now() + (is_stalled_ ? std::chrono::milliseconds(0) : patience_);
  is_stalled_ = !write_all(line, deadline);
  return !is_stalled_;
}

bool LogOutput::is_writable() const {
  return wait_until(Clock::now());
}

bool LogOutput::write_all(std::string_view bytes, Clock::time_point deadline) {
  while (!bytes.empty()) {
    if (!wait_until(deadline)) {
      return false;
    }
    const ssize_t written =
        ::write(descriptor_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (written > 0) {
      is_mid_line_ = bytes[static_cast<std::size_t>(written) - 1] != '\n';
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if ((errno != EINTR && errno != EAGAIN) || Clock::now() >= deadline) {
      return false;
    }
  }
  return true;
}

// True when a write can be tried: it would be taken, or it would fail.
bool LogOutput::wait_until(Clock::time_point deadline) const {
  pollfd waited{.fd = descriptor_, .events = POLLOUT, .revents = 0};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const int ready = ::poll(&waited, 1, static_cast<int>(std::max<long>(left.count(), 0)));
    if (ready > 0) {
      return true;
    }
    if (ready == 0 || errno != EINTR) {
      return false;
    }
  }
}

}  // namespace wsbridged
