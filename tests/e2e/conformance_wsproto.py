# SPDX-License-Identifier: MIT
"""libws against a server on python3-wsproto, with and without compression.

Scenario: messages of every size and shape, fragments with pings between, closes from both sides.
Method:   conformance_client drives, the server in this process does as it is told.
Why:      what both ends of one library agree on may still be wrong.
"""
from kit.case import main
from kit.conformance import CLIENT_CODES, ConformanceCase
from kit.wsproto_server import WsprotoServer


class ConformanceWsproto(ConformanceCase):

    def check(self, compression):
        server = WsprotoServer(deflate=compression != "off")
        self.addCleanup(server.close)
        self.check_client(server.url(), compression)
        self.assertEqual(server.failures, [])
        self.assertNotIn(None, server.codes, "every session ended with the client's Close")
        self.assertLessEqual(set(CLIENT_CODES), set(server.codes))

    # Covers: [OWN-servers] [AB-1] [AB-2.10] [AB-5] [AB-9.7] [RFC6455-5.1-mask]
    def test_without_compression(self):
        self.check("off")

    # Covers: [OWN-servers] [AB-12] [RFC7692-5-offer] [RFC7692-7.1.1.2-client-takeover]
    def test_with_compression(self):
        for compression in ("on", "no-takeover", "window-9"):
            with self.subTest(compression=compression):
                self.check(compression)


if __name__ == "__main__":
    main()
