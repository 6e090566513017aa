# SPDX-License-Identifier: MIT
"""Subprotocols: offered in order, chosen by the server, visible in the log.

Scenario: servers that choose the second, one that was not offered, or none.
Method: a scripted server answers the handshake with a literal Sec-WebSocket-Protocol header.
Why: a session with the wrong subprotocol exchanges lines that mean something else (RFC 6455 4.1).
"""
from kit.case import E2eCase, bridge, main


class Subprotocols(E2eCase):

    def handshake(self, answer, **upstream):
        """(daemon, local, request) after a handshake that the server answered so."""
        server = self.server()
        daemon = self.start(bridge(server.url(), upstream=upstream))
        local = self.connect(daemon.address())
        local.send(b"hello\n")
        connection = server.open(*answer)
        return daemon, local, connection

    def test_the_chosen_one_is_in_the_log(self):
        daemon, _, upstream = self.handshake(["Sec-WebSocket-Protocol: chat.v1"],
                                             subprotocols=["chat.v2", "chat.v1"])
        self.assertEqual(upstream.request.all("Sec-WebSocket-Protocol"), ["chat.v2, chat.v1"],
                         "one header, in the order of the configuration")
        self.assertEqual(upstream.read_text(), b"hello")
        self.assertTrue(daemon.wait_for_entry('"subprotocol": "chat.v1"'))

    def test_none_chosen_is_accepted_when_not_required(self):
        _, _, upstream = self.handshake([], subprotocols=["chat.v2"], require_subprotocol=False)
        self.assertEqual(upstream.read_text(), b"hello")

    def test_handshakes_that_fail(self):
        cases = {
            "one that was not offered": (["Sec-WebSocket-Protocol: chat.v3"], ["chat.v2"], True),
            "not offered, not required": (["Sec-WebSocket-Protocol: chat.v3"], ["chat.v2"], False),
            "none": ([], ["chat.v2", "chat.v1"], True),
            "another case": (["Sec-WebSocket-Protocol: CHAT.v2"], ["chat.v2"], True),
            "two": (["Sec-WebSocket-Protocol: chat.v2", "Sec-WebSocket-Protocol: chat.v1"],
                    ["chat.v2", "chat.v1"], True),
            "one where none was offered": (["Sec-WebSocket-Protocol: chat.v2"], [], True),
        }
        for what, (answer, offered, required) in cases.items():
            with self.subTest(what):
                daemon, local, _ = self.handshake(answer, subprotocols=offered,
                                                  require_subprotocol=required)
                self.assertEqual(local.read_until_end(), (b"", "reset"))
                daemon.wait_for_session_end()
                self.assertEqual(len(daemon.problems("subprotocol")), 1,
                                 f"one log line that names the reason: {daemon.log()}")


if __name__ == "__main__":
    main()
