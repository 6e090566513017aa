# SPDX-License-Identifier: MIT
"""Debian's python3-websockets as a server, in a thread; the same for version 10 and for 15."""
import asyncio
import contextlib
import errno
import socket
import threading

import websockets

from kit.waiting import deadline


def request_headers(connection):
    """The handshake's headers, wherever this version keeps them."""
    if hasattr(connection, "request_headers"):
        return connection.request_headers
    return connection.request.headers


def negotiated(connection):
    """The extensions, wherever this version keeps them."""
    return getattr(connection, "protocol", connection).extensions


def choose_from(known):
    """Version 15 refuses clients that offer nothing unless it is told how to choose. It passes the
    connection first, version 10 passes its own list last: the offer is the only list in its place."""
    def choose(first, second):
        offered = first if isinstance(first, (list, tuple)) else second
        return next((name for name in offered if name in known), None)
    return choose


def listen_on_both_families():
    """127.0.0.1 and, where there is IPv6, ::1 with the same port: what `localhost` may stand for."""
    while True:
        sockets = [socket.create_server(("127.0.0.1", 0))]
        try:
            port = sockets[0].getsockname()[1]
            return [*sockets, socket.create_server(("::1", port), family=socket.AF_INET6)]
        except OSError as failure:
            if failure.errno != errno.EADDRINUSE:
                return sockets
            sockets[0].close()


class WebsocketsServer:
    """Serves `handler(connection)` on loopback until closed. `is_named`: for a client that looks
    `localhost` up and tries one address only."""

    def __init__(self, handler, tls=None, is_named=False, **options):
        self.handler, self.tls, self.options = handler, tls, options
        self.sockets = (listen_on_both_families() if is_named else
                        [socket.create_server(("127.0.0.1", 0))])
        self.port = self.sockets[0].getsockname()[1]
        if "subprotocols" in options:
            options.setdefault("select_subprotocol", choose_from(options["subprotocols"]))
        self.loop = asyncio.new_event_loop()
        self.started = threading.Event()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=[self._serve()])
        self.thread.start()
        assert self.started.wait(deadline()), "the server did not start"

    async def _serve(self):
        async def handle(connection):
            try:
                await self.handler(connection)
            except websockets.ConnectionClosed:
                pass
        self.stopped = asyncio.Event()
        async with contextlib.AsyncExitStack() as servers:
            for listening in self.sockets:
                await servers.enter_async_context(websockets.serve(
                    handle, sock=listening, ssl=self.tls, max_size=None, **self.options))
            self.started.set()
            await self.stopped.wait()

    def url(self):
        return f"wss://localhost:{self.port}/" if self.tls else f"ws://127.0.0.1:{self.port}/"

    def close(self):
        self.loop.call_soon_threadsafe(self.stopped.set)
        self.thread.join(deadline())
        self.loop.close()
