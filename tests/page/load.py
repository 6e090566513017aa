# SPDX-License-Identifier: MIT
"""What the status page is looked at with: three bridges, 500 sessions that talk, wait and fail."""
import asyncio
import contextlib
import json
import os
import subprocess
import tempfile

import websockets

CHAT, FEED, MAIL = 350, 130, 20  # sessions; MAIL's programs do not read


async def serve(websocket, *_path):
    """chat echoes; feed and mail send by themselves; what begins with "bye" is closed with 1011."""
    path = getattr(websocket, "path", None) or websocket.request.path
    with contextlib.suppress(websockets.ConnectionClosed):
        if path.startswith("/chat"):
            async for message in websocket:
                if message.startswith("bye"):
                    await websocket.close(1011, "the database is away")
                await websocket.send(message)
        while path.startswith(("/feed", "/mail")):
            await websocket.send("x" * (2000 if path.startswith("/mail") else 40))
            await asyncio.sleep(0.02 if path.startswith("/mail") else 0.4)


async def talk(reader, writer, pause):
    number = 0
    with contextlib.suppress(OSError):
        while True:
            writer.write(b"line %d of a program that talks\n" % number)
            await writer.drain()
            await reader.readline()
            number += 1
            await asyncio.sleep(pause)


async def listen(reader):
    while await reader.readline():
        pass


class Load:
    """Runs the daemon; `async with` it."""

    def __init__(self, binary):
        self.binary = binary
        self.folder = tempfile.TemporaryDirectory(prefix="wsbridged-page-")
        self.tasks = []
        self.kept = []

    def config(self, port):
        def bridge(name, **more):
            upstream = {"url": f"ws://127.0.0.1:{port}/{name}", "ping_interval": "200ms"}
            return {"name": name, "listen": ["127.0.0.1:0", f"unix:{self.folder.name}/{name}.sock"],
                    "upstream": upstream, **more}
        refused = bridge("chat", framing={"max_line": 4000})
        feed = bridge("feed", reconnect={"enabled": True})
        url = feed["upstream"].pop("url")
        feed["upstream"]["urls"] = ["ws://127.0.0.1:1/feed", url]
        return {"log": {"level": "error"}, "threads": 2,
                "admin": {"listen": "127.0.0.1:0"}, "shutdown": {"drain_timeout": "1s"},
                "bridges": [refused, feed, bridge("mail", session={"buffer": "64KiB"})]}

    async def __aenter__(self):
        self.server = await websockets.serve(serve, "127.0.0.1", 0, ping_interval=None)
        port = self.server.sockets[0].getsockname()[1]
        config = os.path.join(self.folder.name, "wsbridged.yaml")
        with open(config, "w", encoding="utf-8") as file:
            json.dump(self.config(port), file)
        self.daemon = subprocess.Popen([self.binary, "run", "-c", config], text=True,
                                       stdout=subprocess.PIPE)
        addresses = {}
        while len(addresses.setdefault("admin", [])) < 1:
            line = await asyncio.to_thread(self.daemon.stdout.readline)
            if not line:
                raise RuntimeError("wsbridged does not start")
            _, name, _, address = line.split()
            addresses.setdefault(name, []).append(address)
        self.addresses = addresses
        self.page = f"http://{addresses['admin'][0]}/"
        await self.start_sessions()
        return self

    async def connect(self, name, number):
        address = self.addresses[name][number % 2]
        if address.startswith("unix:"):
            return await asyncio.open_unix_connection(address[5:])
        host, port = address.rsplit(":", 1)
        return await asyncio.open_connection(host, int(port))

    async def start_sessions(self):
        for number in range(CHAT):
            reader, writer = await self.connect("chat", number)
            self.kept.append(writer)
            pause = 0.2 + (number * 7919 % 100) / 25
            self.tasks.append(asyncio.create_task(talk(reader, writer, pause)))
        for number in range(FEED):
            reader, writer = await self.connect("feed", number)
            self.kept.append(writer)
            self.tasks.append(asyncio.create_task(listen(reader)))
        for number in range(MAIL):
            self.kept.append(await self.connect("mail", number))

    async def fail(self):
        """Sessions that end badly, for the list of errors."""
        for line in (b"bye\n", b"x" * 5000 + b"\n", b"not UTF-8: \xff\n"):
            for number in range(3):
                _, writer = await self.connect("chat", number)
                writer.write(line)
                with contextlib.suppress(OSError):
                    await writer.drain()
                self.kept.append(writer)

    def stop_daemon(self):
        self.daemon.kill()
        self.daemon.wait()

    async def __aexit__(self, *_exception):
        self.stop_daemon()
        for task in self.tasks:
            task.cancel()
        self.server.close()
        self.folder.cleanup()
