// SPDX-License-Identifier: MIT
// The section `admin` and the flag that stands for its first key.
#include <sys/stat.h>

#include "config/admin_flag.h"
#include "loading.h"
#include "support/catch.h"

namespace wsbridged::config {
namespace {

std::string file_with(const std::string& admin) {
  return "admin: " + admin +
         "\nbridges:\n  - name: a\n    listen: 127.0.0.1:1\n    upstream: {url: \"ws://h/\"}\n";
}

Loaded load_admin(const std::string& admin) {
  return load_text(file_with(admin), "f.yaml", {});
}

TEST_CASE("admin: absent, null and empty are off", "[admin]") {
  for (const char* admin : {"null", "{}", "{listen: null, metrics: \"\"}"}) {
    const Loaded loaded = load_admin(admin);
    CHECK(loaded.errors.empty());
    CHECK_FALSE(loaded.config.admin.listen);
    CHECK_FALSE(loaded.config.admin.metrics);
  }
}

TEST_CASE("admin: metrics may be remote, listen may not", "[admin]") {
  const Loaded good = load_admin("{listen: \"unix:/a\", metrics: \":9843\"}");
  CHECK(good.errors.empty());
  CHECK(to_string(*good.config.admin.listen) == "unix:/a");
  CHECK(to_string(*good.config.admin.metrics) == ":9843");
  for (const char* local : {"127.0.0.1:9", "localhost:9", "\"[::1]:9\"", "\"unix:@a\""}) {
    CHECK(load_admin("{listen: " + std::string(local) + "}").errors.empty());
  }
  for (const char* remote : {"10.0.0.1:9", "\":9\"", "0.0.0.0:9", "host:9"}) {
    const Loaded loaded = load_admin("{listen: " + std::string(remote) + "}");
    REQUIRE(loaded.errors.size() == 1);
    CHECK_THAT(to_string(loaded.errors.front()),
               StartsWith("f.yaml:1:17: listen of admin must be"));
  }
}

TEST_CASE("admin: sockets of systemd are the bridges' alone", "[admin]") {
  for (const char* key : {"listen", "metrics"}) {
    const Loaded loaded = load_admin("{" + std::string(key) + ": \"systemd:a\"}");
    REQUIRE(loaded.errors.size() == 1);
    CHECK_THAT(to_string(loaded.errors.front()),
               ContainsSubstring("takes no sockets from systemd"));
  }
}

TEST_CASE("admin: its addresses are none of a bridge's, nor each other's", "[admin]") {
  CHECK(load_admin("{listen: 127.0.0.1:1}").errors.size() == 1);
  CHECK(load_admin("{metrics: \":1\"}").errors.size() == 1);
  CHECK(load_admin("{listen: 127.0.0.1:9, metrics: 127.0.0.1:9}").errors.size() == 1);
  CHECK(load_admin("{listen: 127.0.0.1:0, metrics: 127.0.0.1:0}").errors.empty());
}

// Made anew each time.
std::string token_file(const std::string& content, mode_t mode) {
  static const TemporaryFolder folder;
  const std::string path = folder.write("token", content);
  chmod(path.c_str(), mode);
  return path;
}

TEST_CASE("admin: a token's file must be readable, and useful", "[admin]") {
  CHECK(load_admin("{listen: 127.0.0.1:9, token_file: /nowhere/token}").errors.size() == 1);
  const std::string file = token_file("a-token-of-some-length\n", 0600);
  const Loaded unused = load_admin("{listen: \"unix:/a\", token_file: " + file + "}");
  CHECK(unused.errors.empty());
  CHECK(unused.warnings.size() == 1);
  CHECK(load_admin("{listen: 127.0.0.1:9, token_file: " + file + "}").warnings.empty());
  CHECK(load_admin("{lisen: 1}").errors.size() == 1);
}

TEST_CASE("admin: a token's file that can never work is an error at its place", "[admin]") {
  const auto error_of = [](const std::string& file) {
    const Loaded loaded = load_admin("{listen: 127.0.0.1:9, token_file: " + file + "}");
    return loaded.errors.size() == 1 ? to_string(loaded.errors.front()) : std::string("none");
  };
  const std::string start = "f.yaml:1:42: token_file must be a file with a token (";
  CHECK_THAT(error_of(token_file("five5", 0600)), StartsWith(start + "holds less than 16 bytes"));
  CHECK_THAT(error_of(token_file("a-token-of-some-length", 0620)),
             StartsWith(start + "may be written by others"));
  CHECK(error_of(token_file(std::string(4096, 'x') + "\n", 0600)) == "none");
  CHECK_THAT(error_of(token_file(std::string(4097, 'x'), 0600)), StartsWith(start + "holds"));
}

TEST_CASE("admin: the flag replaces the file's address, by the same rules", "[admin]") {
  const Environment environment = [](const std::string& name) -> std::optional<std::string> {
    return name == "PORT" ? std::optional<std::string>("9844") : std::nullopt;
  };
  Loaded loaded = load_admin("{listen: \"unix:/a\"}");
  override_admin({"127.0.0.1:${env:PORT}", "--admin"}, environment, loaded);
  CHECK(loaded.errors.empty());
  CHECK(to_string(*loaded.config.admin.listen) == "127.0.0.1:9844");
  for (const char* bad : {"nonsense", "systemd:a", "10.0.0.1:9", "${env:ABSENT}"}) {
    Loaded spoiled = load_admin("{}");
    override_admin({bad, "WSBRIDGED_ADMIN"}, environment, spoiled);
    REQUIRE(spoiled.errors.size() == 1);
    CHECK_THAT(to_string(spoiled.errors.front()), StartsWith("WSBRIDGED_ADMIN: "));
  }
  // Whoever asks may do so far away.
  CHECK(std::holds_alternative<Address>(read_admin_flag({"10.0.0.1:9", "--admin"}, environment)));
}

}  // namespace
}  // namespace wsbridged::config
