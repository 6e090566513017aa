# SPDX-License-Identifier: MIT
"""What one writes in Python when a program that speaks lines shall talk to a WebSocket server.

Usage: line_bridge.py URL; prints the port on which it listens.
"""
import asyncio
import sys

import websockets

LIMIT = 2 ** 20


async def up(reader, upstream):
    while line := await reader.readline():
        await upstream.send(line[:-1].decode())


async def down(upstream, writer):
    async for message in upstream:
        writer.write(message.encode() + b"\n")
        await writer.drain()


async def serve(reader, writer):
    async with websockets.connect(sys.argv[1], compression=None, max_size=LIMIT) as upstream:
        tasks = [asyncio.create_task(up(reader, upstream)),
                 asyncio.create_task(down(upstream, writer))]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=LIMIT)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
