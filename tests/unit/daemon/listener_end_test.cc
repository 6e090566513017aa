// SPDX-License-Identifier: MIT
// What becomes of those who wait in a listener's queue when it ends.
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

#include "daemon/listener.h"
#include "daemon/listener_tcp.h"
#include "listener_support.h"
#include "support/catch.h"

namespace wsbridged::test {
namespace {

TEST_CASE("listener: who is not accepted at the end is counted") {
  const TempDir directory;
  const bool is_unix = GENERATE(false, true);
  ws::EventLoop loop;
  const auto opened =
      Listener::open(loop, is_unix ? unix_listen(directory / "s") : tcp_listen("127.0.0.1"));
  REQUIRE(opened);
  Listener& listener = *opened->front();
  std::vector<Descriptor> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(is_unix ? connect_unix(listener.address())
                              : connect_to(loopback(listener.address())));
  }
  std::size_t accepted = 0;
  listener.start(
      [&](int descriptor, const Peer&) {
        const Descriptor closed(descriptor);
        if (++accepted == 2) {
          listener.pause();
        }
      },
      {});
  CHECK(listener.accept_last() == 3);
  CHECK(accepted == 2);
}

TEST_CASE("listener: a socket that was passed is left as it is at the end") {
  const auto made = listen_tcp(tcp_listen("127.0.0.1"));
  REQUIRE(made);
  const std::string& address = made->front().address;
  ws::EventLoop loop;
  std::vector<ListeningSocket> passed;
  passed.push_back({.descriptor = Descriptor(dup(made->front().descriptor.get())),
                    .address = address,
                    .origin = SocketOrigin::kInherited});
  auto listeners = Listener::adopt(loop, std::move(passed));
  int accepted = 0;
  listeners.front()->start([&accepted](int, const Peer&) { ++accepted; }, {});
  const std::array clients{connect_to(loopback(address)), connect_to(loopback(address))};
  CHECK(listeners.front()->accept_last() == 0);
  listeners.clear();
  CHECK(connect_to(loopback(address)));
  CHECK(accepted == 0);
}

}  // namespace
}  // namespace wsbridged::test
