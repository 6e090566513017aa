# SPDX-License-Identifier: MIT
"""Which calls of the daemon can fail, with what, and on whose descriptors.

Left out: what has no such failure (EAGAIN of a file, EMFILE of recv). ECONNRESET of a Unix socket
comes behind all that was sent, which a fault in between would not."""
import errno
import socket

from kit.faults import ANY, FILE, LOCAL_TCP, LOCAL_UNIX, LOG, MADE, NONE


def errors(words):
    return [getattr(errno, word) for word in words.split()]


SOCKETS = LOCAL_TCP | LOCAL_UNIX | MADE
NO_NAME = [socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_MEMORY, socket.EAI_NONAME]

# (call, errors, kinds): the first error is what the short run tries.
AT_RUN = [
    ("accept4", errors("EMFILE ENFILE ENOMEM ENOBUFS ECONNABORTED EINTR EPERM"), ANY),
    ("socket", errors("EMFILE ENFILE ENOMEM ENOBUFS EACCES EAFNOSUPPORT"), ANY),
    ("connect", errors("ECONNREFUSED ETIMEDOUT ENETUNREACH EADDRNOTAVAIL EACCES EAGAIN EINTR "
                       "ENOBUFS"), ANY),
    ("epoll_ctl", errors("ENOMEM ENOSPC"), SOCKETS),
    ("epoll_wait", errors("EINTR"), ANY),
    ("recv", errors("ECONNRESET ETIMEDOUT EINTR EAGAIN ENOMEM"), LOCAL_TCP),
    ("recv", errors("EINTR EAGAIN ENOMEM"), LOCAL_UNIX),
    ("recv", errors("ECONNRESET ETIMEDOUT EINTR EAGAIN ENOMEM EHOSTUNREACH"), MADE),
    ("send", errors("EPIPE ECONNRESET EINTR EAGAIN ENOBUFS ENOMEM"), MADE),
    ("sendmsg", errors("EPIPE ECONNRESET EINTR EAGAIN ENOBUFS ENOMEM"), LOCAL_TCP),
    ("sendmsg", errors("EPIPE EINTR EAGAIN ENOBUFS"), LOCAL_UNIX),
    ("sendmsg", errors("ECONNRESET EPIPE EINTR EAGAIN ENOBUFS ENOMEM ETIMEDOUT"), MADE),
    ("sendto", errors("ENOBUFS EAGAIN EINTR ECONNREFUSED ENOENT"), ANY),
    ("shutdown", errors("ENOTCONN"), SOCKETS),
    ("close", errors("EIO EINTR"), ANY),
    ("setsockopt", errors("ENOBUFS EINVAL ENOPROTOOPT"), ANY),
    ("getsockopt", errors("ENOBUFS ENOPROTOOPT"), ANY),
    ("getsockname", errors("ENOBUFS"), ANY),
    ("getpeername", errors("ENOTCONN ENOBUFS"), ANY),
    ("ioctl", errors("ENOTTY"), SOCKETS),
    ("open", errors("EMFILE ENFILE EACCES ENOENT ENOMEM EINTR EROFS EIO"), ANY),
    ("fopen", errors("EMFILE ENOENT EACCES"), ANY),
    ("read", errors("EIO EINTR EISDIR"), FILE),
    ("fstat", errors("EIO ENOMEM"), FILE),
    ("stat", errors("EIO EACCES ENOENT ENOMEM"), NONE),
    ("realpath", errors("EACCES EIO ENOMEM"), ANY),
    ("mkostemp", errors("ENOSPC EMFILE EROFS EACCES EDQUOT"), ANY),
    ("write", errors("ENOSPC EIO EINTR EDQUOT"), FILE),
    ("fsync", errors("EIO ENOSPC EINTR"), FILE),
    ("fchmod", errors("EPERM EIO"), ANY),
    ("fchown", errors("EPERM"), ANY),
    ("rename", errors("EACCES ENOSPC EROFS EIO"), ANY),
    ("flock", errors("ENOLCK EINTR EWOULDBLOCK"), ANY),
    ("write", errors("ENOSPC EIO EINTR EAGAIN EPIPE"), LOG),
    ("poll", errors("EINTR ENOMEM"), LOG | SOCKETS),
    ("pthread_create", errors("EAGAIN EPERM"), ANY),
    ("getaddrinfo", NO_NAME, ANY),
    ("getnameinfo", [socket.EAI_MEMORY, socket.EAI_AGAIN], ANY),
]

# Moves one byte at a time.
SHORT = [("recv", LOCAL_TCP), ("recv", LOCAL_UNIX), ("recv", MADE), ("send", MADE),
         ("sendmsg", LOCAL_TCP), ("sendmsg", LOCAL_UNIX), ("sendmsg", MADE), ("read", FILE),
         ("write", FILE), ("write", LOG)]

# An interruption that comes each time is one that nobody would ever get past; and a socket that is
# said to be writable, and never is, does not exist.
ONLY_NOW_AND_THEN = (errno.EINTR, errno.EAGAIN)

# At the start: what is asked once, with an error that a machine may have then.
AT_START = [
    ("socket", errors("EMFILE EAFNOSUPPORT ENOBUFS")), ("bind", errors("EADDRINUSE EACCES ENOMEM")),
    ("listen", errors("EADDRINUSE ENOBUFS")), ("setsockopt", errors("ENOMEM ENOPROTOOPT")),
    ("getsockname", errors("ENOBUFS")), ("getsockopt", errors("ENOBUFS")),
    ("epoll_create1", errors("EMFILE ENOMEM")), ("epoll_ctl", errors("ENOMEM ENOSPC")),
    ("eventfd", errors("EMFILE ENFILE ENOMEM")), ("pipe2", errors("EMFILE ENFILE")),
    ("socketpair", errors("EMFILE")), ("pthread_create", errors("EAGAIN")),
    ("open", errors("EMFILE EACCES EIO ENOENT")), ("fopen", errors("EMFILE EACCES")),
    ("read", errors("EIO EINTR")), ("fstat", errors("EIO")), ("stat", errors("EACCES EIO")),
    ("lstat", errors("EACCES")), ("realpath", errors("EACCES")), ("mkostemp", errors("ENOSPC")),
    ("chmod", errors("EPERM")), ("fchmod", errors("EPERM")), ("flock", errors("ENOLCK EINTR")),
    ("connect", errors("ECONNREFUSED EACCES")), ("unlink", errors("EACCES")),
    ("getaddrinfo", NO_NAME),
    ("getrlimit", errors("EPERM")), ("setrlimit", errors("EPERM")), ("sendto", errors("ENOBUFS")),
]
