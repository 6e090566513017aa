# SPDX-License-Identifier: MIT
"""libws against python3-websockets' server, with and without compression, in all its settings.

Scenario: messages of every size and shape, fragments with pings between, closes from both sides.
Method:   conformance_client drives, the server in this process does as it is told.
Why:      what both ends of one library agree on may still be wrong.
"""
import asyncio

import websockets
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from kit.case import main
from kit.conformance import CLIENT_CODES, ConformanceCase
from kit.duties import FAREWELL, SUBPROTOCOL, plan_answer
from kit.websockets_server import WebsocketsServer

# (server_no_context_takeover, server_max_window_bits, client_no_context_takeover,
# client_max_window_bits) as the server chooses them: the combinations of the groups 13.1 to 13.6,
# and the client's side likewise.
SETTINGS = [(False, None, False, None), (True, None, False, None), (False, 9, False, None),
            (False, 15, False, None), (True, 9, False, None), (True, 15, False, None),
            (False, None, True, None), (False, None, False, 9), (False, None, True, 9),
            (True, 9, True, 9)]


class Duties:
    """The server's side; `codes` has the client's Close of each session."""

    def __init__(self):
        self.codes = []

    async def __call__(self, connection):
        pongs = []
        try:
            while True:
                plan = plan_answer(await connection.recv(), pongs)
                while plan:
                    await self.send(connection, plan, pongs)
        except websockets.ConnectionClosed:
            pass
        finally:
            self.codes.append(connection.close_code)

    async def send(self, connection, plan, pongs):
        """The next message of the plan, or what else stands there."""
        kind, payload = plan.pop(0)
        if kind == "ping":
            await self.ping(connection, payload, pongs)
        elif kind == "close":
            await connection.close(payload, FAREWELL)
        elif kind == "first":
            await connection.send(self.fragments(connection, payload, plan, pongs))
        else:
            await connection.send(payload)

    async def fragments(self, connection, first, plan, pongs):
        yield first
        kind = "first"
        while kind != "last":
            kind, payload = plan.pop(0)
            if kind == "ping":
                await self.ping(connection, payload, pongs)
            else:
                yield payload

    @staticmethod
    async def ping(connection, payload, pongs):
        answered = await connection.ping(payload)
        asyncio.ensure_future(answered).add_done_callback(lambda _: pongs.append(payload))


class ConformanceWebsockets(ConformanceCase):

    def serve(self, duties, **options):
        # Without a queue's limit: it would not read the client's Close behind 1,000 echoes.
        server = WebsocketsServer(duties, subprotocols=[SUBPROTOCOL], max_queue=None, **options)
        self.addCleanup(server.close)
        return server

    def check(self, compression):
        duties = Duties()
        server = self.serve(duties, compression=None if compression == "off" else "deflate")
        self.check_client(server.url(), compression)
        self.assertNotIn(1006, duties.codes, "every session ended with the client's Close")
        self.assertLessEqual(set(CLIENT_CODES), set(duties.codes))

    # Covers: [OWN-servers] [AB-1] [AB-2.10] [AB-5] [AB-9.7] [RFC6455-5.1-mask]
    def test_without_compression(self):
        self.check("off")

    # Covers: [OWN-servers] [AB-12] [RFC7692-5-offer] [RFC7692-7.1.1.2-client-takeover]
    def test_with_compression(self):
        for compression in ("on", "no-takeover", "window-9"):
            with self.subTest(compression=compression):
                self.check(compression)

    # Covers: [AB-13] [AB-12] [RFC7692-7.1.1.1-server-takeover]
    #         [RFC7692-7.1.1.2-client-takeover] [RFC7692-7.1.2.2-client-window]
    def test_every_setting_that_a_server_may_choose(self):
        for settings in SETTINGS:
            with self.subTest(settings=settings):
                server_takeover, server_bits, client_takeover, client_bits = settings
                factory = ServerPerMessageDeflateFactory(
                    server_no_context_takeover=server_takeover, server_max_window_bits=server_bits,
                    client_no_context_takeover=client_takeover, client_max_window_bits=client_bits)
                server = self.serve(Duties(), compression=None, extensions=[factory])
                self.check_client(server.url(), "on", ["echo many of every size"])


if __name__ == "__main__":
    main()
