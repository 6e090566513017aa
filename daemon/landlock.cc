// SPDX-License-Identifier: MIT
#include "daemon/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "daemon/listener_socket.h"

namespace wsbridged {
namespace {

// Known to kernels from 6.2 on, but not to Debian 12's headers.
constexpr std::uint64_t kTruncate = 1ULL << 14;

// Also of directories that hold others: Landlock says no to whatever is handled and not allowed.
std::uint64_t handled_accesses(int version) {
  std::uint64_t accesses =
      LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
      LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
      LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
      LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
  if (version >= 2) {
    accesses |= LANDLOCK_ACCESS_FS_REFER;
  }
  if (version >= 3) {
    accesses |= kTruncate;
  }
  return accesses;
}

// What it takes to bind a socket, to write a file and to rename it within its directory.
constexpr std::uint64_t kChanges = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                   LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK;

int allow_changes(const Descriptor& ruleset, const std::string& directory) {
  const Descriptor place(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place) {
    return 0;  // the change itself tells best what is wrong with it
  }
  const landlock_path_beneath_attr rule{.allowed_access = kChanges, .parent_fd = place.get()};
  const auto added =
      syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  return added == 0 ? 0 : errno;
}

}  // namespace

int landlock_version() {
  const auto version =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return std::max(0, static_cast<int>(version));
}

int give_up_changing_files(const std::string& directory) {
  const landlock_ruleset_attr wanted{.handled_access_fs = handled_accesses(landlock_version())};
  const Descriptor ruleset(
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &wanted, sizeof wanted, 0)));
  if (!ruleset) {
    return errno;
  }
  if (!directory.empty()) {
    if (const int failure = allow_changes(ruleset, directory); failure != 0) {
      return failure;
    }
  }
  // Without it only root may restrict itself: a program that gains rights could be confused by it.
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return errno;
  }
  return syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0 ? 0 : errno;
}

}  // namespace wsbridged
