// SPDX-License-Identifier: MIT
#include "daemon/inherited_sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "daemon/environment_number.h"
#include "daemon/peer.h"

namespace wsbridged {
namespace {

constexpr const char* kPidVariable = "LISTEN_PID";
constexpr const char* kCountVariable = "LISTEN_FDS";
constexpr const char* kNamesVariable = "LISTEN_FDNAMES";
constexpr std::string_view kNameless = "unknown";  // sd_listen_fds_with_names(3) calls them so

std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  while (true) {
    const std::size_t colon = text.find(':');
    names.emplace_back(text.substr(0, colon));
    if (colon == std::string_view::npos) {
      return names;
    }
    text.remove_prefix(colon + 1);
  }
}

// Anything but a number when the descriptor is no socket.
int socket_option(int descriptor, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

// Empty when it can be listened on.
std::string refuse(int descriptor, const SocketAddress& address) {
  const int type = socket_option(descriptor, SO_TYPE);
  if (type < 0) {
    return "systemd passed a descriptor that is not a socket";
  }
  const auto family = address.storage.ss_family;
  if (family != AF_INET && family != AF_INET6 && family != AF_UNIX) {
    return "systemd passed a socket that is neither TCP nor Unix";
  }
  if (type != SOCK_STREAM) {
    return "systemd passed a socket that is no stream (use ListenStream= in the .socket unit)";
  }
  if (socket_option(descriptor, SO_ACCEPTCONN) != 1) {
    return "systemd passed a connection instead of a listening socket (set Accept=no in the "
           ".socket unit)";
  }
  return {};
}

// "unix:PATH", "unix:@NAME"; "unix:" for one without a name.
std::string unix_name(const SocketAddress& address) {
  sockaddr_un name{};
  std::memcpy(&name, &address.storage, sizeof name);
  const std::size_t begin = offsetof(sockaddr_un, sun_path);
  const std::size_t length = address.length > begin ? address.length - begin : 0;
  const std::string_view path(name.sun_path, length);
  if (!path.empty() && path.front() == '\0') {
    return "unix:@" + std::string(path.substr(1));
  }
  return "unix:" + std::string(path.substr(0, path.find('\0')));
}

std::string address_text(const SocketAddress& address) {
  return address.storage.ss_family == AF_UNIX ? unix_name(address) : to_string(address);
}

SocketKind kind_of(const SocketAddress& address) {
  if (address.storage.ss_family != AF_UNIX) {
    return SocketKind::kTcp;
  }
  return unix_name(address).starts_with("unix:@") ? SocketKind::kAbstract : SocketKind::kUnix;
}

void set_non_blocking(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  static_cast<void>(fcntl(descriptor, F_SETFL, flags | O_NONBLOCK));
}

// The wording of why `passed` cannot be listened on; none when it can.
std::optional<ws::Error> judge(const InheritedSockets::Passed& passed,
                               const config::Listen& listen) {
  const int descriptor = passed.descriptor.get();
  if (const std::string reason = refuse(descriptor, local_address(descriptor)); !reason.empty()) {
    return listen_error(config::to_string(listen.address), reason);
  }
  return refuse_remote(descriptor, listen);
}

}  // namespace

std::optional<ws::Error> refuse_remote(int descriptor, const config::Listen& listen) {
  const SocketAddress address = local_address(descriptor);
  if (kind_of(address) != SocketKind::kTcp || listen.allow_remote || is_loopback(address)) {
    return std::nullopt;
  }
  return remote_error(config::to_string(listen.address), numeric_host(address));
}

InheritedSockets::InheritedSockets(std::vector<Passed> passed) : passed_(std::move(passed)) {
  for (const Passed& each : passed_) {
    if (std::find(names_.begin(), names_.end(), each.name) == names_.end()) {
      names_.push_back(each.name);
    }
  }
}

InheritedSockets InheritedSockets::from(const config::Environment& environment, pid_t self,
                                        int first) {
  const auto pid = parse_number(environment(kPidVariable));
  const auto count = parse_number(environment(kCountVariable));
  if (!pid || *pid != static_cast<unsigned>(self) || !count) {
    return {};
  }
  const auto names = split_names(environment(kNamesVariable).value_or(""));
  std::vector<Passed> passed;
  for (std::size_t i = 0; i < std::min<std::size_t>(*count, kMaxInherited); ++i) {
    const int descriptor = first + static_cast<int>(i);
    if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) {
      break;  // announced, but not there
    }
    const bool is_named = i < names.size() && !names[i].empty();
    passed.push_back({is_named ? names[i] : std::string(kNameless), Descriptor(descriptor)});
  }
  return InheritedSockets(std::move(passed));
}

InheritedSockets InheritedSockets::of_process() {
  InheritedSockets sockets = from(config::process_environment(), getpid());
  for (const char* variable : {kPidVariable, kCountVariable, kNamesVariable}) {
    unsetenv(variable);  // NOLINT(concurrency-mt-unsafe): before any thread
  }
  return sockets;
}

ws::Result<std::vector<ListeningSocket>> InheritedSockets::take(const config::Listen& listen) {
  const std::string& name = std::get<config::SystemdAddress>(listen.address).name;
  const auto is_other = [&name](const Passed& passed) { return passed.name != name; };
  if (std::all_of(passed_.begin(), passed_.end(), is_other)) {
    return listen_error(config::to_string(listen.address), what_was_passed());
  }
  for (const Passed& passed : passed_) {
    if (auto error = is_other(passed) ? std::nullopt : judge(passed, listen)) {
      return std::move(*error);
    }
  }
  const auto taken = std::stable_partition(passed_.begin(), passed_.end(), is_other);
  std::vector<ListeningSocket> sockets;
  for (auto each = taken; each != passed_.end(); ++each) {
    const SocketAddress address = local_address(each->descriptor.get());
    set_non_blocking(each->descriptor.get());
    sockets.push_back({.descriptor = std::move(each->descriptor),
                       .address = address_text(address),
                       .kind = kind_of(address),
                       .origin = SocketOrigin::kInherited});
  }
  passed_.erase(taken, passed_.end());
  return sockets;
}

std::string InheritedSockets::what_was_passed() const {
  if (names_.empty()) {
    return "systemd passed no socket: start the .socket unit, and the service through it";
  }
  std::string text =
      "systemd passed no socket of that name that is not in use or was closed as "
      "unused; those of the start were";
  for (std::size_t i = 0; i < names_.size() && i < kMaxNamesInMessage; ++i) {
    text.append(i == 0 ? " " : ", ").append(names_[i]);
  }
  return text.append(names_.size() > kMaxNamesInMessage ? ", …" : "")
      .append(" (FileDescriptorName= in the .socket unit; a restart passes them again)");
}

std::vector<std::string> InheritedSockets::close_unused() {
  std::vector<std::string> closed;
  for (const Passed& passed : passed_) {
    const SocketAddress address = local_address(passed.descriptor.get());
    closed.push_back(passed.name + " on " + address_text(address));
  }
  passed_.clear();
  return closed;
}

}  // namespace wsbridged
