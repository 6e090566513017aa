# SPDX-License-Identifier: MIT
"""The conformance server on Debian's python3-wsproto, in a thread: one connection after the other,
blocking."""
import socket
import threading

from wsproto import ConnectionType, WSConnection, events
from wsproto.extensions import PerMessageDeflate

from kit.duties import FAREWELL, SUBPROTOCOL, plan_answer
from kit.waiting import deadline


class Session:
    """One connection, served until its end; `code` is of the client's Close, None without one."""

    def __init__(self, connection, deflate):
        self.socket, self.deflate = connection, deflate
        self.protocol = WSConnection(ConnectionType.SERVER)
        self.message, self.pongs = None, []
        self.code, self.is_closing = None, False

    def serve(self):
        while data := self.socket.recv(1 << 16):
            self.protocol.receive_data(data)
            for event in self.protocol.events():
                self.handle(event)
            if self.code is not None:
                return

    def send(self, event):
        self.socket.sendall(self.protocol.send(event))

    def handle(self, event):
        if isinstance(event, events.Request):
            self.accept(event)
        elif isinstance(event, events.Ping):
            self.send(event.response())
        elif isinstance(event, events.Pong):
            self.pongs.append(bytes(event.payload))
        elif isinstance(event, events.CloseConnection):
            self.code = event.code
            if not self.is_closing:
                self.send(event.response())
        elif not self.is_closing:
            self.take(event)

    def accept(self, request):
        chosen = SUBPROTOCOL if SUBPROTOCOL in request.subprotocols else None
        extensions = [PerMessageDeflate()] if self.deflate else []
        self.send(events.AcceptConnection(subprotocol=chosen, extensions=extensions))

    def take(self, event):
        """A piece of a message, which is answered when it is the last."""
        self.message = event.data if self.message is None else self.message + event.data
        if event.message_finished:
            message, self.message = self.message, None
            kind = str if isinstance(message, str) else bytes
            for frame in plan_answer(kind(message), self.pongs):
                self.send_frame(*frame)

    def send_frame(self, kind, payload):
        if kind == "ping":
            self.send(events.Ping(payload=payload))
        elif kind == "close":
            self.is_closing = True
            self.send(events.CloseConnection(code=payload, reason=FAREWELL))
        elif kind == "binary":
            self.send(events.BytesMessage(data=payload))
        else:
            self.send(events.TextMessage(data=payload, message_finished=kind in ("text", "last")))


class WsprotoServer:
    """Serves on loopback until closed. `codes` has the client's Close of each session."""

    def __init__(self, deflate=False):
        self.deflate, self.codes, self.failures = deflate, [], []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return  # closed
            with connection:
                connection.settimeout(deadline())
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                session = Session(connection, self.deflate)
                try:
                    session.serve()
                except Exception as failure:  # pylint: disable=broad-except
                    self.failures.append(repr(failure))
                self.codes.append(session.code)

    def url(self):
        return f"ws://127.0.0.1:{self.port}/"

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes the accept
        self.socket.close()
        self.thread.join(deadline())
