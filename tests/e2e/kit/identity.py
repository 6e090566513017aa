# SPDX-License-Identifier: MIT
"""Local connections by somebody else: another user, another group, another address."""
import os
import socket

from kit.local import Local, split_address
from kit.waiting import deadline


def connect_as(address, uid, gid=65534, groups=()):
    """A connection to a Unix socket that was made by a process of these ids (root only)."""
    ours, childs = socket.socketpair()
    ours.settimeout(deadline())
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(list(groups))
            os.setgid(gid)
            os.setuid(uid)
            family, where = split_address(address)
            connection = socket.socket(family, socket.SOCK_STREAM)
            connection.connect(where)
            socket.send_fds(childs, [b"x"], [connection.fileno()])
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    childs.close()
    _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
    ours.close()
    if not descriptors:
        raise AssertionError(f"uid {uid} could not connect to {address}")
    return Local(socket.socket(fileno=descriptors[0]))


def connect_from(source, address):
    """A TCP connection that comes from the loopback address `source`."""
    family, where = split_address(address)
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.settimeout(deadline())
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.bind((source, 0))
    connection.connect(where)
    return Local(connection)
