// SPDX-License-Identifier: MIT
#include "daemon/last_words.h"

#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "daemon/exit_status.h"

namespace wsbridged {
namespace {

iovec piece(const char* text) {
  // writev() does not write through it.
  return {const_cast<char*>(text), std::strlen(text)};
}

[[noreturn]] void tell_uncaught() noexcept {
  if (const auto thrown = std::current_exception()) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& exception) {
      end_at_once(exception.what());
    } catch (...) {
      end_at_once("an unknown exception");
    }
  }
  end_at_once(nullptr);
}

}  // namespace

void end_at_once(const char* cause) noexcept {
  const std::array pieces{piece("wsbridged: ending at once: "),
                          piece(cause != nullptr ? cause : "terminated"), piece("\n")};
  // There is nobody left to tell when even that fails.
  [[maybe_unused]] const ssize_t written =
      writev(STDERR_FILENO, pieces.data(), static_cast<int>(pieces.size()));
  std::_Exit(kExitFailure);
}

void end_at_once_when_uncaught() {
  std::set_terminate(tell_uncaught);
}

}  // namespace wsbridged
