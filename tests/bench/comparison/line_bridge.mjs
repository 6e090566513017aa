// SPDX-License-Identifier: MIT
// What one writes in JavaScript when a program that speaks lines shall talk to a WebSocket server.
// Usage: line_bridge.mjs URL; prints the port on which it listens.
import { createRequire } from "node:module";
import { createServer } from "node:net";

const kHighWater = 1 << 20;

// The module ws when it is installed, else the WebSocket that node itself has.
function websocket() {
  try {
    const path = "/usr/share/nodejs/ws";
    const require = createRequire(import.meta.url);
    for (const name of ["ws", path]) {
      try {
        return { make: require(name).WebSocket ?? require(name), name: "ws" };
      } catch {
        continue;
      }
    }
  } catch {
    // There is no such module.
  }
  return { make: globalThis.WebSocket, name: "its own WebSocket" };
}

const { make: WebSocket, name } = websocket();
if (!WebSocket) {
  process.exit(1);
}

const url = process.argv[2];
if (url === "--version-of-websocket") {
  console.log(`node ${process.version}, ${name}`);
  process.exit(0);
}

function wait(upstream, socket) {
  if (upstream.bufferedAmount > kHighWater) {
    setTimeout(wait, 1, upstream, socket);
  } else {
    socket.resume();
  }
}

createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
  const upstream = new WebSocket(url);
  let rest = "";
  socket.setEncoding("utf8");
  upstream.onopen = () => socket.resume();
  upstream.onmessage = (event) => socket.write(`${event.data}\n`);
  upstream.onclose = () => socket.end();
  upstream.onerror = () => socket.destroy();
  socket.on("data", (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      upstream.send(line);
    }
    if (upstream.bufferedAmount > kHighWater) {
      socket.pause();
      wait(upstream, socket);
    }
  });
  socket.on("end", () => upstream.close());
  socket.on("error", () => upstream.close());
}).listen(0, "127.0.0.1", function () {
  console.log(this.address().port);
});
