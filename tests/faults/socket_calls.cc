// SPDX-License-Identifier: MIT
// Sockets, and what libevent and the daemon wait with.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "interpose.h"

namespace faults {
namespace {

constexpr int kDescriptors = 1 << 16;
std::array<std::atomic<std::uint32_t>, kDescriptors> kinds;

std::uint32_t kind_of_accepted(int descriptor) {
  int domain = 0;
  socklen_t size = sizeof domain;
  (void)syscall(SYS_getsockopt, descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size);
  return domain == AF_UNIX ? kLocalUnix : kLocalTcp;
}

}  // namespace

std::uint32_t kind_of(int descriptor) {
  if (descriptor < 0 || descriptor >= kDescriptors) {
    return kOther;
  }
  if (const std::uint32_t known = kinds[static_cast<std::size_t>(descriptor)]) {
    return known;
  }
  if (descriptor == STDOUT_FILENO || descriptor == STDERR_FILENO) {
    return kLog;
  }

  struct stat status {};

  const bool is_known = syscall(SYS_fstat, descriptor, &status) == 0;
  return is_known && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) ? kFile : kOther;
}

void remember(int descriptor, std::uint32_t kind) {
  if (descriptor >= 0 && descriptor < kDescriptors) {
    kinds[static_cast<std::size_t>(descriptor)] = kind;
  }
}

void forget(int descriptor) {
  remember(descriptor, 0);
}

}  // namespace faults

using faults::kind_of;
using faults::kNone;

FAULTY(int, socket, (int family, int type, int protocol)) {
  if (faults::judge(ROW(socket), kNone).is_failure) {
    return -1;
  }
  const int made = NEXT(socket)(family, type, protocol);
  faults::remember(made, faults::kMade);
  return made;
}

FAULTY(int, accept4, (int socket, sockaddr* address, socklen_t* length, int flags)) {
  if (faults::judge(ROW(accept4), kNone).is_failure) {
    return -1;
  }
  const int accepted = NEXT(accept4)(socket, address, length, flags);
  if (accepted >= 0) {
    faults::remember(accepted, faults::kind_of_accepted(accepted));
  }
  return accepted;
}

// The descriptor is gone all the same, as Linux does it.
FAULTY(int, close, (int descriptor)) {
  const bool is_failure = faults::judge(ROW(close), kind_of(descriptor)).is_failure;
  const int reason = errno;
  faults::forget(descriptor);
  const int result = NEXT(close)(descriptor);
  errno = is_failure ? reason : errno;
  return is_failure ? -1 : result;
}

FAULTY(int, connect, (int socket, const sockaddr* address, socklen_t length)) {
  if (!faults::judge(ROW(connect), kind_of(socket)).is_failure) {
    return NEXT(connect)(socket, address, length);
  }
  if (errno == EINTR) {  // it goes on all the same (connect(2))
    (void)NEXT(connect)(socket, address, length);
    errno = EINTR;
  }
  return -1;
}

FAULTY(int, bind, (int socket, const sockaddr* address, socklen_t length)) {
  FAIL_OR_CALL(bind, kind_of(socket), socket, address, length);
}

FAULTY(int, listen, (int socket, int backlog)) {
  FAIL_OR_CALL(listen, kind_of(socket), socket, backlog);
}

FAULTY(int, shutdown, (int socket, int how)) {
  FAIL_OR_CALL(shutdown, kind_of(socket), socket, how);
}

FAULTY(int, setsockopt, (int socket, int level, int name, const void* value, socklen_t size)) {
  FAIL_OR_CALL(setsockopt, kind_of(socket), socket, level, name, value, size);
}

FAULTY(int, getsockopt, (int socket, int level, int name, void* value, socklen_t* size)) {
  FAIL_OR_CALL(getsockopt, kind_of(socket), socket, level, name, value, size);
}

FAULTY(int, getsockname, (int socket, sockaddr* address, socklen_t* length)) {
  FAIL_OR_CALL(getsockname, kind_of(socket), socket, address, length);
}

FAULTY(int, getpeername, (int socket, sockaddr* address, socklen_t* length)) {
  FAIL_OR_CALL(getpeername, kind_of(socket), socket, address, length);
}

FAULTY(ssize_t, recv, (int socket, void* buffer, size_t size, int flags)) {
  const faults::Verdict verdict = faults::judge(ROW(recv), kind_of(socket));
  return verdict.is_failure ? -1 : NEXT(recv)(socket, buffer, std::min(size, verdict.most), flags);
}

// As FORTIFY_SOURCE calls it; the buffer's size is not what is tested here.
FAULTY(ssize_t, __recv_chk, (int socket, void* buffer, size_t size, size_t room, int flags)) {
  (void)room;
  return faulty_recv(socket, buffer, size, flags);
}

FAULTY(ssize_t, send, (int socket, const void* bytes, size_t size, int flags)) {
  const faults::Verdict verdict = faults::judge(ROW(send), kind_of(socket));
  return verdict.is_failure ? -1 : NEXT(send)(socket, bytes, std::min(size, verdict.most), flags);
}

FAULTY(ssize_t, sendto,
       (int socket, const void* bytes, size_t size, int flags, const sockaddr* to,
        socklen_t length)) {
  FAIL_OR_CALL(sendto, kind_of(socket), socket, bytes, size, flags, to, length);
}

FAULTY(ssize_t, sendmsg, (int socket, const msghdr* message, int flags)) {
  const faults::Verdict verdict = faults::judge(ROW(sendmsg), kind_of(socket));
  if (verdict.is_failure) {
    return -1;
  }
  msghdr shorter = *message;
  iovec first{};
  if (verdict.most != SIZE_MAX && message->msg_iovlen > 0) {
    first = message->msg_iov[0];
    first.iov_len = std::min(first.iov_len, verdict.most);
    shorter.msg_iov = &first;
    shorter.msg_iovlen = 1;
  }
  return NEXT(sendmsg)(socket, &shorter, flags);
}

FAULTY(int, socketpair, (int family, int type, int protocol, int* pair)) {
  FAIL_OR_CALL(socketpair, kNone, family, type, protocol, pair);
}

FAULTY(int, pipe2, (int* ends, int flags)) {
  FAIL_OR_CALL(pipe2, kNone, ends, flags);
}

FAULTY(int, eventfd, (unsigned count, int flags)) {
  FAIL_OR_CALL(eventfd, kNone, count, flags);
}

FAULTY(int, epoll_create1, (int flags)) {
  FAIL_OR_CALL(epoll_create1, kNone, flags);
}

// Taking one off cannot fail for want of anything.
FAULTY(int, epoll_ctl, (int poll, int operation, int descriptor, epoll_event* event)) {
  if (operation == EPOLL_CTL_DEL) {
    return NEXT(epoll_ctl)(poll, operation, descriptor, event);
  }
  FAIL_OR_CALL(epoll_ctl, kind_of(descriptor), poll, operation, descriptor, event);
}

FAULTY(int, epoll_wait, (int poll, epoll_event* events, int most, int timeout)) {
  FAIL_OR_CALL(epoll_wait, kNone, poll, events, most, timeout);
}

FAULTY(int, ioctl, (int descriptor, unsigned long request, void* argument)) {
  FAIL_OR_CALL(ioctl, kind_of(descriptor), descriptor, request, argument);
}
