// SPDX-License-Identifier: MIT
#include "config/token_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

namespace wsbridged::config {

namespace {

struct OpenFile {
  explicit OpenFile(const std::string& path)
      : descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}

  ~OpenFile() {
    if (descriptor >= 0) {
      close(descriptor);
    }
  }

  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  const int descriptor;
};

TokenFault unreadable(int system_errno) {
  return {"cannot be read: " + std::generic_category().message(system_errno), system_errno};
}

}  // namespace

std::variant<std::string, TokenFault> read_token_file(const std::string& path) {
  const OpenFile file(path);

  struct stat status {};

  if (file.descriptor < 0 || fstat(file.descriptor, &status) != 0) {
    return unreadable(errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return TokenFault{"is no regular file"};
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return TokenFault{"may be written by others than its owner: chmod go-w"};
  }
  std::array<char, kMaxAdminToken + 2> bytes{};
  const ssize_t size = read(file.descriptor, bytes.data(), bytes.size());
  if (size < 0) {
    return unreadable(errno);
  }
  std::string_view token(bytes.data(), static_cast<std::size_t>(size));
  if (token.ends_with('\n')) {
    token.remove_suffix(1);
  }
  if (token.size() < kMinAdminToken || token.size() > kMaxAdminToken) {
    return TokenFault{"holds less than 16 bytes or more than 4 KiB"};
  }
  return std::string(token);
}

}  // namespace wsbridged::config
