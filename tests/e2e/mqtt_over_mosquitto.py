# SPDX-License-Identifier: MIT
"""MQTT, which is no line protocol: plain TCP programs on mosquitto's WebSocket listener.

Scenario: mosquitto_pub and mosquitto_sub speak TCP to a bridge with framing.mode raw.
Method: payloads of every size and byte are published and compared, in both directions, each QoS.
Why: a real server and real programs that notice any byte that is not theirs.
"""
import os
import pwd
import subprocess

from kit.case import E2eCase, bridge, main
from kit.process import accepts, free_ports
from kit.waiting import deadline, wait_until

# The plain listener first: mosquitto 2.0.11 starts the other only beside one.
CONFIG = """\
user {user}
allow_anonymous true
persistence false
log_dest stderr
log_type all
listener {plain} 127.0.0.1
listener {web} 127.0.0.1
protocol websockets
"""
PAYLOADS = [b"x", b"line\nwith\r\nends\0", bytes(range(256)) * 5, bytes(range(256)) * 1200]


class MqttOverMosquitto(E2eCase):

    def setUp(self):
        super().setUp()
        self.plain, self.web = free_ports(2)
        with open(self.path("mosquitto.conf"), "w", encoding="ascii") as file:
            file.write(CONFIG.format(plain=self.plain, web=self.web,
                                     user=pwd.getpwuid(os.getuid()).pw_name))
        self.broker = self.program(["/usr/sbin/mosquitto", "-c", self.path("mosquitto.conf")],
                                   "mosquitto")
        wait_until(lambda: accepts(self.plain) and accepts(self.web), "mosquitto listens")
        self.daemon = self.start(bridge(
            f"ws://127.0.0.1:{self.web}/mqtt", framing={"mode": "raw"},
            upstream={"subprotocols": ["mqtt"]}))
        self.port = self.daemon.address().rsplit(":", 1)[1]

    def publish(self, port, topic, payload, *options):
        run = subprocess.run(
            ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-t", topic, "-s", *options],
            input=payload, capture_output=True, timeout=deadline(), check=False)
        self.assertEqual(run.returncode, 0, run.stderr)

    def subscribe(self, port, topic, qos, count=1):
        """mosquitto_sub that ends after `count` messages, subscribed."""
        before = self.broker.stderr().count("Sending SUBACK")
        child = subprocess.Popen(
            ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-t", topic, "-q", str(qos), "-N",
             "-C", str(count)], stdout=subprocess.PIPE)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        wait_until(lambda: self.broker.stderr().count("Sending SUBACK") > before, "subscribed")
        return child

    def test_payloads_arrive_unchanged_in_both_directions(self):
        ways = {"up": (self.port, self.plain), "down": (self.plain, self.port),
                "both": (self.port, self.port)}
        for number, payload in enumerate(PAYLOADS):
            qos = number % 3
            for way, (publisher, subscriber) in ways.items():
                with self.subTest(qos=qos, size=len(payload), way=way):
                    topic = f"test/{number}/{way}"
                    child = self.subscribe(subscriber, topic, qos)
                    self.publish(publisher, topic, payload, "-q", str(qos))
                    received, _ = child.communicate(timeout=deadline())
                    self.assertEqual(len(received), len(payload))
                    self.assertEqual(received, payload, "every byte is the publisher's")

    def test_a_thousand_messages_in_order(self):
        child = self.subscribe(self.port, "test/many", 1, count=1000)
        lines = [b"message %04d" % number for number in range(1000)]
        run = subprocess.run(
            ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.port), "-t", "test/many", "-q", "1",
             "-l"], input=b"\n".join(lines) + b"\n", timeout=deadline(), check=False)
        self.assertEqual(run.returncode, 0)
        received, _ = child.communicate(timeout=deadline())
        self.assertEqual(received, b"".join(lines))


if __name__ == "__main__":
    main()
