// SPDX-License-Identifier: MIT
// What the client of `ctl` says when nobody answers; what it reads is tested with the server.
#include "daemon/admin_client.h"

#include "listener_support.h"
#include "support/catch.h"

namespace wsbridged {
namespace {

TEST_CASE("admin client: what is wrong is told with what to do", "[admin_client]") {
  const test::TempDir directory;
  const auto none = call_admin(config::UnixAddress{.path = directory / "no.sock"}, {});
  REQUIRE_FALSE(none);
  CHECK_THAT(none.error().message, ContainsSubstring("is wsbridged running"));
  const auto unknown = call_admin(config::TcpAddress{.host = "name.invalid", .port = 1}, {});
  REQUIRE_FALSE(unknown);
  CHECK_THAT(unknown.error().message, ContainsSubstring("no such host"));
}

}  // namespace
}  // namespace wsbridged
