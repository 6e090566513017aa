# SPDX-License-Identifier: MIT
"""A third server, python3-websockets, over ws and over wss behind a test CA.

Scenario: it echoes, greets, pings and closes; subprotocols, headers and compression are negotiated.
Method: the same conversation over both schemes, from a TCP and a Unix program.
Why: an implementation that was written against other clients disagrees where we are wrong.
"""
from kit.case import E2eCase, bridge, main
from kit.websockets_server import WebsocketsServer, negotiated, request_headers


async def converse(connection):
    """Greets with what the handshake said, echoes, and closes with a code when asked."""
    token = request_headers(connection).get("X-Token")
    await connection.send(f"hello {connection.subprotocol} {token}")
    async for message in connection:
        if message == "close":
            await connection.close(4321, "asked to")
            return
        await connection.send(message)


class PythonWebsockets(E2eCase):

    def serve(self, tls=None, **options):
        server = WebsocketsServer(converse, tls, subprotocols=["lines.v1"], **options)
        self.addCleanup(server.close)
        return server

    def start_for(self, server, **upstream):
        trust = {"tls": {"ca_file": self.ca().certificate}} if server.tls else {}
        return self.start(bridge(
            server.url(), listen=["127.0.0.1:0", f"unix:{self.path(f'{server.port}.sock')}"],
            upstream={"subprotocols": ["lines.v2", "lines.v1"], "headers": {"X-Token": "abc"},
                      **trust, **upstream}))

    def converse_on(self, address):
        local = self.connect(address)
        self.assertEqual(local.read_line(), b"hello lines.v1 abc\n", "subprotocol and header")
        lines = [b"%d " % number + "\u00e9".encode() * number for number in range(300)]
        lines += [b"", b"x" * 65535, b"y" * 65536, b"z" * 1000000]
        sending = self.in_background(local.send, b"".join(line + b"\n" for line in lines))
        for line in lines:
            self.assertEqual(local.read_line(), line + b"\n", "every line comes back, in order")
        sending.result()
        local.send(b"close\n")
        end = "eof" if address.startswith("unix:") else "reset"
        self.assertEqual(local.read_until_end(), (b"", end), "4321 is an error")
        local.close()

    def test_the_same_conversation_over_ws_and_wss(self):
        for tls in (None, self.ca().server_context()):
            server = self.serve(tls, ping_interval=0.2)
            daemon = self.start_for(server)
            for address in daemon.addresses():
                with self.subTest(url=server.url(), address=address):
                    self.converse_on(address)
            entries = [daemon.wait_for_session_end(count=2)["close_code"],
                       daemon.session_ends()[0]["close_code"]]
            self.assertEqual(entries, [4321, 4321], "the server's code is in the log")

    def test_the_same_conversation_compressed(self):
        extensions = []

        async def note(connection):
            extensions.extend(extension.name for extension in negotiated(connection))
            await converse(connection)

        for compression in ("deflate", None):
            with self.subTest(server=compression):
                server = WebsocketsServer(note, subprotocols=["lines.v1"], compression=compression)
                self.addCleanup(server.close)
                daemon = self.start_for(server, compression=True)
                for address in daemon.addresses():
                    self.converse_on(address)
        self.assertEqual(extensions, ["permessage-deflate"] * 2, "agreed on, and declined")

    def test_half_close_gets_all_echoes_over_wss(self):
        server = self.serve(self.ca().server_context())
        daemon = self.start_for(server)
        local = self.connect(daemon.address())
        local.send(b"one\ntwo\nclose")
        local.shutdown_write()
        self.assertEqual(local.read_until_end()[0], b"hello lines.v1 abc\none\ntwo\n")


if __name__ == "__main__":
    main()
