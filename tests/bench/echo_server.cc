// SPDX-License-Identifier: MIT
// The server of the echo benchmark: answers many messages of one read with one write, so that it is
// the client that is measured and not how it waits. Prints its port.
#include "support/echo_server.h"

#include <iostream>

int main() {
  ws::EventLoop loop;
  const ws::test::EchoServer server(loop);
  const std::string url = server.url();
  const std::size_t colon = url.rfind(':');
  std::cout << url.substr(colon + 1, url.size() - colon - 2) << std::endl;
  loop.run();
}
