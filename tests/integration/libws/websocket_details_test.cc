// SPDX-License-Identifier: MIT
// What a WebSocket met on its way, for programs that explain why there is none; and certificates in
// files.
#include <chrono>
#include <memory>
#include <string>

#include <ws/certificate.h>
#include <ws/opening_details.h>
#include <ws/websocket.h>

#include "net/resolver.h"
#include "support/catch.h"
#include "support/recording_client.h"
#include "support/scripted_server.h"

namespace ws {
namespace {

using Catch::Matchers::EndsWith;
using test::RecordingClient;
using test::RefusingPort;
using test::ScriptedServer;
using test::ScriptPeer;
using test::TemporaryFile;
using test::test_certificates;

void upgrade_and_close(ScriptPeer& peer) {
  (void)peer.accept_upgrade(test::server_close(1000));
  (void)peer.read_to_end();
}

void fail_handshake(ScriptPeer& peer) {
  (void)peer.read_head();
}

// A WebSocket to the end, watched.
std::shared_ptr<OpeningDetails> details_of(RecordingClient& client, const std::string& url,
                                           const Options& options = test::trusting_options()) {
  auto details = std::make_shared<OpeningDetails>();
  watch_openings(client.loop, details);
  client.start(url, options);
  REQUIRE(client.run());
  return details;
}

std::int64_t hours_from_now(int hours) {
  const auto now = std::chrono::system_clock::now() + std::chrono::hours(hours);
  return std::chrono::system_clock::to_time_t(now);
}

}  // namespace

TEST_CASE("opening details: name, addresses, chain and pin of an opening that went well") {
  ScriptedServer server(upgrade_and_close, test_certificates().good);
  RecordingClient client;
  Options options = test::trusting_options();
  std::string pin;
  options.callbacks.on_open = [&pin](WebSocket& socket) { pin = socket.tls_info()->pin; };
  const auto details = details_of(client, server.url(), options);
  CHECK(details->dials == 1);
  CHECK(details->looked_up == "localhost");
  CHECK_FALSE(details->addresses.empty());
  REQUIRE_FALSE(details->attempts.empty());
  CHECK(details->attempts.back().is_connected);
  CHECK_THAT(details->attempts.back().address, EndsWith(":" + std::to_string(server.port())));
  CHECK(details->proxy.empty());
  CHECK_THAT(details->tls_version, StartsWith("TLSv1."));
  CHECK_FALSE(details->tls_cipher.empty());
  CHECK(details->is_verified);
  CHECK_THAT(pin, StartsWith("sha256//"));
  CHECK(details->pin == pin);
  REQUIRE_FALSE(details->chain.empty());
  CHECK(details->chain[0].subject == "CN=test server");
  CHECK(details->chain[0].issuer == "CN=Test Authority");
  CHECK_THAT(details->chain[0].names, ContainsSubstring("localhost"));
  CHECK(std::abs(details->chain[0].expires - hours_from_now(24)) < 3600);
  CHECK(details->chain[0].begins < hours_from_now(0));
}

TEST_CASE("opening details: each attempt in vain has the system's words") {
  const RefusingPort refusing;
  RecordingClient client;
  const std::string address = "127.0.0.1:" + std::to_string(refusing.port());
  const auto details = details_of(client, "ws://" + address + "/");
  CHECK(details->looked_up.empty());  // it is no name
  REQUIRE(details->attempts.size() == 1);
  CHECK(details->attempts[0].address == address);
  CHECK_FALSE(details->attempts[0].is_connected);
  CHECK(details->attempts[0].failure == "Connection refused");
  CHECK(details->chain.empty());
  CHECK(details->pin.empty());
}

TEST_CASE("opening details: a certificate that is refused is shown with its dates and its pin") {
  ScriptedServer server(fail_handshake, test_certificates().expired);
  RecordingClient client;
  const auto details = details_of(client, server.url());
  CHECK_FALSE(details->is_verified);
  REQUIRE_FALSE(details->chain.empty());
  CHECK(details->chain[0].expires < hours_from_now(0));
  CHECK_THAT(details->pin, StartsWith("sha256//"));
}

TEST_CASE("opening details: unverified is told so") {
  ScriptedServer server(upgrade_and_close, test_certificates().wrong_host);
  RecordingClient client;
  Options options;
  options.tls.insecure_skip_verify = true;
  const auto details = details_of(client, server.url(), options);
  CHECK(client.events.front() == "open");
  CHECK_FALSE(details->is_verified);
  CHECK_FALSE(details->chain.empty());
}

TEST_CASE("opening details: those of the latest dial, nothing once nobody watches") {
  ScriptedServer last(upgrade_and_close);
  ScriptedServer first([&last](ScriptPeer& peer) {
    (void)peer.read_head();
    peer.send("HTTP/1.1 302 Found\r\nLocation: " + last.url() + "\r\nContent-Length: 0\r\n\r\n");
  });
  Options options = test::trusting_options();
  options.follow_redirects = 1;
  options.redirect_to = {"http://localhost:" + std::to_string(last.port())};
  {
    RecordingClient client;
    const auto details = details_of(client, first.url(), options);
    CHECK(details->dials == 2);
    CHECK_THAT(details->attempts.back().address, EndsWith(":" + std::to_string(last.port())));
  }
  const RefusingPort refusing;
  RecordingClient client;
  auto details = std::make_shared<OpeningDetails>();
  watch_openings(client.loop, details);
  watch_openings(client.loop, nullptr);
  client.start("ws://127.0.0.1:" + std::to_string(refusing.port()) + "/");
  REQUIRE(client.run());
  CHECK(details->dials == 0);
}

TEST_CASE("certificates: those of a PEM file, in its order, whatever else is in it") {
  const auto& all = test_certificates();
  const TemporaryFile file("# a comment\n" + all.good.key_pem() + all.good.pem() +
                           all.authority.pem() + all.expired.pem());
  const auto certificates = read_certificates(file.path());
  REQUIRE(certificates);
  REQUIRE(certificates.value().size() == 3);
  CHECK(certificates.value()[0].subject == "CN=test server");
  CHECK(certificates.value()[1].subject == "CN=Test Authority");
  CHECK(certificates.value()[2].expires < hours_from_now(0));
  const auto absent = read_certificates("/nowhere/a.pem");
  REQUIRE_FALSE(absent);
  CHECK(absent.error().phase == Phase::kOptions);
  CHECK(absent.error().message == "/nowhere/a.pem: No such file or directory");
  const TemporaryFile other("nothing of the kind");
  CHECK(read_certificates(other.path()).value().empty());
}

}  // namespace ws
