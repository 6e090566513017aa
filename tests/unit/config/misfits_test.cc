// SPDX-License-Identifier: MIT
// What the world outside says of a bridge, at the place of its key and among the other errors.
#include "config/misfits.h"

#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

std::string errors_with(std::string_view yaml, const Misfit& misfit) {
  const auto check = [&misfit](const Bridge&) { return std::vector<Misfit>{misfit}; };
  return joined(load_text(yaml, "f", environment_of({{"X", "ws://h/"}}), check).errors);
}

TEST_CASE("misfits: are told at the key, or at the closest one above it", "[misfits]") {
  const std::string yaml = bridge_with("      tls: {min_version: '1.3'}\n");
  CHECK(errors_with(yaml, {.keys = {"upstream", "url"}, .message = "no"}) == "f:5:12: url: no");
  CHECK(errors_with(yaml, {.keys = {"upstream", "tls", "ca_file"}, .message = "no"}) ==
        "f:6:12: ca_file: no");
  CHECK(errors_with(yaml, {.keys = {"session", "buffer"}, .message = "no"}) == "f:2:5: buffer: no");
}

TEST_CASE("misfits: of a listener are told where it stands", "[misfits]") {
  const std::string yaml =
      "bridges:\n- name: b\n  upstream: {url: ws://h}\n  listen: ['unix:/a', {address: 'unix:/b', "
      "owner: nobody-there}]\n";
  CHECK(errors_with(yaml, {.keys = {"listen"}, .listener = 1, .message = "no"}) ==
        "f:4:23: listen: no");
  CHECK(errors_with(yaml, {.keys = {"listen"}, .listener = 7, .message = "no"}) ==
        "f:4:11: listen: no");
}

TEST_CASE("misfits: of one item of a list or a map are told there", "[misfits]") {
  const std::string yaml = bridge_with(
      "      redirect_to: [ws://a, ws://b]\n"
      "      resolve: {'h:1': 10.0.0.7}\n");
  const auto at = [&yaml](const std::string& key, const std::string& item) {
    return errors_with(yaml, {.keys = {"upstream", key}, .message = "no", .item = item});
  };
  CHECK(at("redirect_to", "1") == "f:6:29: redirect_to: no");
  CHECK(at("redirect_to", "2") == "f:6:20: redirect_to: no");
  CHECK(at("resolve", "h:1") == "f:7:24: resolve: no");
  CHECK(at("resolve", "h:2") == "f:7:16: resolve: no");
}

TEST_CASE("misfits: say nothing of what a reference stands for", "[misfits]") {
  const std::string yaml =
      "bridges:\n- name: b\n  listen: 127.0.0.1:1\n  upstream: {url: '${env:X}'}\n";
  CHECK(errors_with(yaml, {.keys = {"upstream", "url"}, .message = "ws://h/ is secret"}) ==
        "f:4:19: url: what its reference stands for is refused");
}

TEST_CASE("misfits: are one line each, whatever a name in them holds", "[misfits]") {
  const Misfit misfit{.keys = {"upstream", "url"}, .message = "a\nb: missing"};
  CHECK(errors_with(bridge_with(""), misfit) == "f:5:12: url: a\\x0ab: missing");
}

TEST_CASE("misfits: are asked for only when the bridge reads well", "[misfits]") {
  const std::string errors = errors_with(bridge_with("    session: {buffer: no}\n"),
                                         {.keys = {"upstream", "url"}, .message = "no"});
  CHECK_THAT(errors, !ContainsSubstring("url: no"));
}

}  // namespace
}  // namespace wsbridged::config
