// SPDX-License-Identifier: MIT
// What is said, and where, of a key or a value that cannot be bound.
#include "config/binding.h"

#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

struct Case {
  std::string_view more;  // below a good bridge, from line 6 on
  std::string_view errors;
};

TEST_CASE("binding: wrong types are reported in their place", "[binding]") {
  const auto each = GENERATE(
      Case{"log: info\n", "f:6:6: log must be a map of keys"},
      Case{"log: [a]\n", "f:6:6: log must be a map of keys"},
      Case{"log: {level: [info]}\n", "f:6:14: level must be a single value"},
      Case{"threads: {}\n", "f:6:10: threads must be a single value"},
      Case{"      subprotocols: chat\n", "f:6:21: subprotocols must be a list"},
      Case{"      subprotocols: [[chat]]\n", "f:6:22: subprotocols must be a single value"},
      Case{"      headers: [a]\n", "f:6:16: headers must be a map of keys"},
      Case{"      headers: {A: [b]}\n", "f:6:20: headers must be a single value"},
      Case{"      on_open: hello\n", "f:6:16: on_open must be a list"},
      Case{"      on_open: [~]\n", "f:6:17: on_open must be a single value"},
      Case{"  - b\n", "f:6:5: a bridge must be a map of keys"},
      Case{"      tls: true\n", "f:6:12: tls must be a map of keys"});
  INFO(each.more);
  CHECK(errors_of(bridge_with(each.more)) == each.errors);
}

TEST_CASE("binding: booleans are true and false without quotes", "[binding]") {
  const auto each = GENERATE(
      Case{"no",
           "f:6:28: require_subprotocol must be true or false, not 'no' (did you mean 'false'?)"},
      Case{"yes",
           "f:6:28: require_subprotocol must be true or false, not 'yes' (did you mean 'true'?)"},
      Case{"on",
           "f:6:28: require_subprotocol must be true or false, not 'on' (did you mean 'true'?)"},
      Case{"True",
           "f:6:28: require_subprotocol must be true or false, not 'True' (did you mean 'true'?)"},
      Case{"maybe", "f:6:28: require_subprotocol must be true or false, not 'maybe'"},
      Case{"'true'", "f:6:28: require_subprotocol must be written without quotes"},
      Case{"true", ""}, Case{"~", ""}, Case{"\"${env:T}\"", ""});
  const std::string yaml =
      bridge_with("      require_subprotocol: " + std::string(each.more) + "\n");
  CHECK(errors_of(yaml, {{"T", "false"}}) == each.errors);
}

TEST_CASE("binding: unknown keys get the nearest key", "[binding]") {
  const auto each = GENERATE(
      Case{"treads: 1\n", "f:6:1: unknown key 'treads' (did you mean 'threads'?)"},
      Case{"xyzzy: 1\n", "f:6:1: unknown key 'xyzzy'"},
      Case{"      conect_timeout: 1s\n",
           "f:6:7: unknown key 'conect_timeout' (did you mean 'connect_timeout'?)"},
      Case{"      tls: {ca_fil: x}\n", "f:6:13: unknown key 'ca_fil' (did you mean 'ca_file'?)"},
      Case{"xyzzy: ~\n", "f:6:1: unknown key 'xyzzy'"},
      Case{"    <<: {}\n", "f:6:5: merge keys are not supported: use defaults"});
  INFO(each.more);
  CHECK(errors_of(bridge_with(each.more)) == each.errors);
}

TEST_CASE("binding: an expanded text is in no message", "[binding]") {
  const Variables variables = {{"S", "hunter2"}};
  const auto each = GENERATE(
      Case{"log: {level: \"${env:S}\"}\n", "f:6:14: level must be debug, info, warn or error"},
      Case{"threads: ${env:S}\n", "f:6:10: threads must be auto or a number from 1 to 256"},
      Case{"      origin: \"a b ${env:S}\"\n",
           "f:6:15: origin must be an origin such as https://example.com"},
      Case{"      cookie_jar: /none/${env:S}\n",
           "f:6:19: cookie_jar must be a readable file (No such file or directory)"},
      Case{"\"${env:S}\": 1\n", "f:6:1: unknown key"},
      Case{"      ping_timeout: ${env:S}\n",
           "f:6:21: ping_timeout must be a duration such as 250ms, 10s, 5m or 1h"});
  INFO(each.more);
  CHECK(errors_of(bridge_with(each.more), variables) == each.errors);
}

TEST_CASE("binding: secrets are in no message, expanded or not", "[binding]") {
  const std::string yaml =
      "bridges:\n"
      "  - name: b\n"
      "    listen: 127.0.0.1:1\n"
      "    upstream:\n"
      "      url: https://user:hunter2@h/?k=hunter2\n"
      "      headers: {A: \"hunter2\\r\\nB: c\"}\n"
      "      on_open: [\"hunter2\\n\"]\n";
  CHECK(errors_of(yaml) ==
        "f:5:12: url must begin with ws:// or wss:// (did you mean 'wss://'?)\n"
        "f:6:20: headers must have values of at most 8 KiB without control characters\n"
        "f:7:17: on_open must hold lines without the delimiter (a block of text: '>-')");
}

}  // namespace
}  // namespace wsbridged::config
