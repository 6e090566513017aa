// SPDX-License-Identifier: MIT
// open(2), fstat(2), read(2): the permission that counts is the one that open gives.
#include "config/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace wsbridged::config {
namespace {

InputFailure failure_of(int error_number) {
  return {"cannot be read: " + std::generic_category().message(error_number), error_number};
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;

  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }

  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

int open_for_reading(const std::string& path, InputKind kind) {
  // Without O_NONBLOCK a fifo that nobody writes to would hang the load.
  const int wait = kind == InputKind::kRegularFile ? O_NONBLOCK : 0;
  return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | wait);
}

// Empty when it is one.
InputFailure refuse_kind(int descriptor, InputKind kind) {
  struct stat status {};

  if (::fstat(descriptor, &status) != 0) {
    return failure_of(errno);
  }
  if (S_ISDIR(status.st_mode)) {
    return {"is a directory, not a file", EISDIR};
  }
  if (kind == InputKind::kRegularFile && !S_ISREG(status.st_mode)) {
    return {"is not a regular file", EINVAL};
  }
  return {};
}

std::string size_text(std::size_t bytes) {
  return std::to_string(bytes / 1024) + " KiB";
}

std::variant<std::string, InputFailure> read_at_most(int descriptor, std::size_t max_bytes) {
  std::string text;
  std::array<char, 16384> chunk{};
  while (true) {
    const ssize_t count = ::read(descriptor, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return failure_of(errno);
    }
    if (count == 0) {
      return text;
    }
    text.append(chunk.data(), static_cast<std::size_t>(count));
    if (text.size() > max_bytes) {
      return InputFailure{"is larger than " + size_text(max_bytes), EFBIG};
    }
  }
}

}  // namespace

std::variant<std::string, InputFailure> read_input_file(const std::string& path,
                                                        const InputLimits& limits) {
  const Descriptor descriptor(open_for_reading(path, limits.kind));
  if (descriptor.number() < 0) {
    return failure_of(errno);
  }
  if (auto failure = refuse_kind(descriptor.number(), limits.kind); !failure.reason.empty()) {
    return failure;
  }
  return read_at_most(descriptor.number(), limits.max_bytes);
}

std::string refuse_unreadable(const std::string& path) {
  const Descriptor descriptor(open_for_reading(path, InputKind::kRegularFile));
  if (descriptor.number() < 0) {
    return std::generic_category().message(errno);
  }
  return refuse_kind(descriptor.number(), InputKind::kRegularFile).reason;
}

}  // namespace wsbridged::config
