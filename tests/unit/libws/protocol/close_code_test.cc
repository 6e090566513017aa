// SPDX-License-Identifier: MIT
// Close codes, compared with a list written by hand from RFC 6455 section 7.4 and the registry.
#include <array>
#include <cstdint>
#include <set>

#include <ws/close_code.h>

#include "support/catch.h"

namespace {

TEST_CASE("close code: a peer may send exactly the registered and the private ones (RFC 6455 7.4)",
          "[close_code][RFC6455-7.4-receive]") {
  const std::set<unsigned> registered = {1000, 1001, 1002, 1003, 1007, 1008,
                                         1009, 1010, 1011, 1012, 1013, 1014};
  for (unsigned code = 0; code <= UINT16_MAX; ++code) {
    const bool expected = registered.contains(code) || (code >= 3000 && code < 5000);
    if (ws::is_valid_close_code(static_cast<std::uint16_t>(code)) != expected) {
      FAIL("wrong about " << code);
    }
  }
}

TEST_CASE("close code: known codes have names, others none", "[close_code]") {
  CHECK(ws::close_code_name(1000) == "normal");
  CHECK(ws::close_code_name(1001) == "going away");
  CHECK(ws::close_code_name(1002) == "protocol error");
  CHECK(ws::close_code_name(1003) == "unsupported data");
  CHECK(ws::close_code_name(1005) == "no status");
  CHECK(ws::close_code_name(1006) == "abnormal");
  CHECK(ws::close_code_name(1007) == "invalid payload");
  CHECK(ws::close_code_name(1008) == "policy violation");
  CHECK(ws::close_code_name(1009) == "message too big");
  CHECK(ws::close_code_name(1010) == "mandatory extension");
  CHECK(ws::close_code_name(1011) == "internal error");
  CHECK(ws::close_code_name(1012) == "service restart");
  CHECK(ws::close_code_name(1013) == "try again later");
  CHECK(ws::close_code_name(1014) == "bad gateway");
  for (const std::uint16_t code :
       std::array<std::uint16_t, 7>{0, 999, 1004, 1015, 3000, 4000, 65535}) {
    CHECK(ws::close_code_name(code).empty());
  }
}

}  // namespace
