// SPDX-License-Identifier: MIT
// What a dial is made of follows the files of its credentials; a snapshot itself never changes.
#include "daemon/bridge_snapshot.h"

#include <atomic>
#include <filesystem>
#include <thread>

#include "daemon/bridge.h"
#include "support/catch.h"
#include "support/test_certs.h"
#include "unit/config/loading.h"

namespace wsbridged {
namespace {

using config::TemporaryFolder;

struct Prepared {
  std::shared_ptr<Bridge> bridge;
  std::shared_ptr<std::vector<Rereading>> told = std::make_shared<std::vector<Rereading>>();
};

Prepared prepare(const std::string& upstream) {
  config::Loaded loaded =
      config::load("bridges: [{name: b, listen: unix:/b, upstream: {" + upstream + "}}]");
  REQUIRE(config::joined(loaded.errors).empty());
  auto bridge = Bridge::prepare(std::move(loaded.config.bridges.at(0)));
  REQUIRE(bridge);
  Prepared prepared{.bridge = bridge.value()};
  prepared.bridge->on_rereading(
      [told = prepared.told](const Rereading& rereading) { told->push_back(rereading); });
  return prepared;
}

std::string token_of(Bridge& bridge) {
  return bridge.options(*bridge.current()).headers.at(0).value;
}

TEST_CASE("snapshot: every key becomes the option of its name", "[snapshot]") {
  const Prepared prepared = prepare(
      "url: 'ws://h/', basic_auth: {user: u, password: p}, proxy: none, resolve: {'h:80': "
      "10.0.0.7}, follow_redirects: 3, redirect_to: ['https://b.example'], compression: true");
  const ws::Options options = prepared.bridge->options(*prepared.bridge->current());
  REQUIRE(options.basic_auth);
  CHECK(options.basic_auth->user + ":" + options.basic_auth->password == "u:p");
  CHECK(options.proxy.empty());
  CHECK(options.resolve.at("h:80") == "10.0.0.7");
  CHECK(options.follow_redirects == 3);
  CHECK(options.redirect_to == std::vector<std::string>{"https://b.example"});
  CHECK(options.compression.enabled);
  CHECK(options.tls_context != nullptr);  // a redirect may lead to wss
  const Prepared plain = prepare("url: 'ws://h/'");
  CHECK(plain.bridge->options(*plain.bridge->current()).proxy == "env");
  CHECK_FALSE(plain.bridge->options(*plain.bridge->current()).basic_auth);
  CHECK(plain.bridge->current()->tls_context == nullptr);
}

TEST_CASE("snapshot: is the same until a file changes, and keeps its own values", "[snapshot]") {
  const TemporaryFolder folder;
  const std::string token = folder.write("token", "one\n");
  const Prepared prepared = prepare("url: 'ws://h/', headers: {A: '${file:" + token + "}'}");
  Bridge& bridge = *prepared.bridge;
  const auto before = bridge.current();
  CHECK(bridge.current() == before);
  CHECK(prepared.told->empty());
  (void)folder.write("token", "two\n");
  CHECK(token_of(bridge) == "two");
  CHECK(bridge.current() != before);
  CHECK(bridge.options(*before).headers.at(0).value == "one");
  REQUIRE(prepared.told->size() == 1);
  CHECK_FALSE(prepared.told->at(0).is_failed);
  (void)folder.write("token", "two\n");
  (void)bridge.current();
  CHECK(prepared.told->size() == 1);
}

TEST_CASE("snapshot: a file that changed before the first dial counts", "[snapshot]") {
  const TemporaryFolder folder;
  const std::string token = folder.write("token", "one");
  const Prepared prepared = prepare("url: 'ws://h/', headers: {A: '${file:" + token + "}'}");
  (void)folder.write("token", "two");
  CHECK(token_of(*prepared.bridge) == "two");
}

TEST_CASE("snapshot: a bad value is told once and the one of before stays", "[snapshot]") {
  const TemporaryFolder folder;
  const std::string token = folder.write("token", "good");
  const Prepared prepared = prepare("url: 'ws://h/', headers: {A: '${file:" + token + "}'}");
  Bridge& bridge = *prepared.bridge;
  const std::string bad =
      GENERATE(as<std::string>{}, "a\r\nB: c", "\xff", std::string(70'000, 'x'));
  const auto before = bridge.current();
  (void)folder.write("token", bad);
  CHECK(bridge.current() == before);
  CHECK(bridge.current() == before);
  REQUIRE(prepared.told->size() == 1);
  CHECK(prepared.told->at(0).is_failed);
  CHECK_THAT(prepared.told->at(0).cause, ContainsSubstring("f:1:"));
  CHECK_THAT(prepared.told->at(0).cause, !ContainsSubstring("B: c"));
  std::filesystem::remove(token);
  CHECK(bridge.current() == before);
  CHECK(prepared.told->size() == 2);
  (void)folder.write("token", "again");
  CHECK(token_of(bridge) == "again");
}

TEST_CASE("snapshot: a URL of a reference is judged like the first one", "[snapshot]") {
  const TemporaryFolder folder;
  const std::string url = folder.write("url", "ws://one.example/");
  const Prepared prepared = prepare("url: '${file:" + url + "}'");
  Bridge& bridge = *prepared.bridge;
  CHECK(bridge.current()->urls.at(0).host == "one.example");
  (void)folder.write("url", "wss://two.example/");
  CHECK(bridge.current()->urls.at(0).host == "two.example");
  CHECK(bridge.current()->tls_context != nullptr);
  (void)folder.write("url", "ws://three.example:99999/");
  CHECK(bridge.current()->urls.at(0).host == "two.example");
  CHECK(prepared.told->back().is_failed);
}

TEST_CASE("snapshot: changed certificates make another one", "[snapshot]") {
  const TemporaryFolder folder;
  const std::string ca = folder.write("ca.pem", ws::test::test_certificates().authority.pem());
  const Prepared prepared = prepare("url: 'wss://h/', tls: {ca_file: '" + ca + "'}");
  Bridge& bridge = *prepared.bridge;
  const auto before = bridge.current();
  REQUIRE(before->tls_context != nullptr);
  (void)folder.write("ca.pem", ws::test::TestAuthority("Other").pem());
  const auto after = bridge.current();
  CHECK(after->tls_context != before->tls_context);
  (void)folder.write("ca.pem", "none");
  CHECK(bridge.current() == after);
  CHECK(bridge.current() == after);
  REQUIRE(prepared.told->size() == 2);
  CHECK_FALSE(prepared.told->at(0).is_failed);
  CHECK(prepared.told->at(1).is_failed);
}

TEST_CASE("snapshot: threads may ask while files change", "[snapshot]") {
  const TemporaryFolder folder;
  const std::string token = folder.write("token", "0");
  const Prepared prepared = prepare("url: 'ws://h/', headers: {A: '${file:" + token + "}'}");
  std::atomic<bool> is_over{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!is_over) {
        (void)prepared.bridge->options(*prepared.bridge->current());
      }
    });
  }
  for (int i = 1; i <= 20; ++i) {
    (void)folder.write("new", std::to_string(i));
    std::filesystem::rename(folder.path("new"), token);
    CHECK(token_of(*prepared.bridge) == std::to_string(i));
  }
  is_over = true;
  for (std::thread& thread : threads) {
    thread.join();
  }
}

}  // namespace
}  // namespace wsbridged
