// SPDX-License-Identifier: MIT
#include "daemon/accounts.h"

#include "support/catch.h"

namespace wsbridged {
namespace {

TEST_CASE("accounts: names and numbers of users and groups", "[accounts]") {
  CHECK(find_user("root") == uid_t{0});
  CHECK(find_group("root") == gid_t{0});
  CHECK(find_user("4242") == uid_t{4242});
  CHECK(find_group("4294967294") == gid_t{4294967294});
}

TEST_CASE("accounts: what nobody has is not found", "[accounts]") {
  for (const std::string name : {"", "nobody-there", "-1", "4294967295", "4294967296", "1x"}) {
    INFO(name);
    CHECK_FALSE(find_user(name));
    CHECK_FALSE(find_group(name));
  }
}

}  // namespace
}  // namespace wsbridged
