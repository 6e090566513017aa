// SPDX-License-Identifier: MIT
// What templates become, and that hostile values stay where they were put.
#include "daemon/template.h"

#include "support/catch.h"

namespace wsbridged {
namespace {

using config::TemplateName;

const Peer kTcp{.address = "192.0.2.1", .port = 4711};

Peer unix_peer() {
  Peer peer;
  peer.is_unix = true;
  peer.uid = 1000;
  peer.gid = 100;
  peer.pid = 4242;
  return peer;
}

// Every template stands for `value`.
TemplateValues all(const std::string& value) {
  TemplateValues values;
  values.fill(value);
  return values;
}

std::string result_of(std::string_view text, TemplateUse use, const TemplateValues& values) {
  const auto result = substitute(text, use, values);
  const auto* refusal = std::get_if<TemplateRefusal>(&result);
  return refusal != nullptr ? "refused: " + refusal->message : std::get<std::string>(result);
}

TEST_CASE("template: each name has its value", "[template]") {
  const std::string text = "{peer.uid} {peer.gid} {peer.pid} {bridge} {session} {{bridge}} {x} {";
  CHECK(result_of(text, TemplateUse::kLine, template_values(unix_peer(), "chat", 7)) ==
        "1000 100 4242 chat 7 {bridge} {x} {");
  CHECK(result_of("{peer.addr}:{peer.port}", TemplateUse::kLine,
                  template_values(kTcp, "chat", 7)) == "192.0.2.1:4711");
}

TEST_CASE("template: the peer is the one that a PROXY header announced", "[template]") {
  Peer peer = kTcp;
  peer.announced = {"2001:db8::1", 9};
  CHECK(result_of("{peer.addr} {peer.port}", TemplateUse::kLine, template_values(peer, "b", 1)) ==
        "2001:db8::1 9");
  peer.announced = {"", 0};  // a Unix socket of the proxy's machine
  CHECK(result_of("{peer.addr}", TemplateUse::kLine, template_values(peer, "b", 1)) ==
        "refused: {peer.addr} is not known of this connection");
}

TEST_CASE("template: what nobody can tell refuses the session", "[template]") {
  CHECK(result_of("{peer.uid}", TemplateUse::kUrl, template_values(kTcp, "b", 1)) ==
        "refused: {peer.uid} is not known of this connection");
  CHECK(result_of("{peer.port}", TemplateUse::kUrl, template_values(unix_peer(), "b", 1)) ==
        "refused: {peer.port} is not known of this connection");
}

TEST_CASE("template: values are percent-encoded in a URL", "[template]") {
  CHECK(result_of("ws://h/{bridge}?q", TemplateUse::kUrl, all("a/../b?c#d%e&f=g h\r\n@[:]")) ==
        "ws://h/a%2F..%2Fb%3Fc%23d%25e%26f%3Dg%20h%0D%0A%40%5B%3A%5D?q");
  CHECK(result_of("{bridge}", TemplateUse::kUrl, all(std::string("\0\xff@:", 4))) ==
        "%00%FF%40%3A");
  CHECK(result_of("{bridge}", TemplateUse::kUrl, all("aZ09-._~")) == "aZ09-._~");
}

TEST_CASE("template: no control character gets into a header or a line", "[template]") {
  const std::string value =
      GENERATE(as<std::string>(), "a\r\nCookie: x", "\n", "\r", "\t", "\x7f", std::string(1, '\0'));
  for (const TemplateUse use : {TemplateUse::kHeader, TemplateUse::kLine, TemplateUse::kPath}) {
    CHECK(result_of("x{bridge}y", use, all(value)) ==
          "refused: {bridge} has a value that must not stand there");
  }
  CHECK(result_of("x{bridge}y", TemplateUse::kHeader, all("a: b; c")) == "xa: b; cy");
}

TEST_CASE("template: no value leads out of its directory", "[template]") {
  const std::string value = GENERATE(as<std::string>(), "", ".", "..", "../x", "a/b", "/", "a..b",
                                     ".hidden", "x/../../etc");
  CHECK(result_of("/jars/{bridge}", TemplateUse::kPath, all(value)) ==
        "refused: {bridge} has a value that must not stand there");
  CHECK(result_of("/jars/{bridge}.txt", TemplateUse::kPath, all("2001:db8::1")) ==
        "/jars/2001:db8::1.txt");
}

TEST_CASE("template: a value is not looked through for templates", "[template]") {
  CHECK(result_of("{bridge}", TemplateUse::kLine, all("{session}{{bridge}}")) ==
        "{session}{{bridge}}");
}

TEST_CASE("template: what a session dials with is filled in everywhere", "[template]") {
  const TemplateValues values = template_values(unix_peer(), "b", 1);
  ws::Options options;
  options.headers = {{"X-Plain", "a"}, {"X-Uid", "u{peer.uid}"}};
  std::string url = "ws://h/{peer.uid}";
  apply_templates(values, options, url);
  CHECK(url == "ws://h/1000");
  CHECK(options.headers[0].value == "a");
  CHECK(options.headers[1].value == "u1000");
  CHECK(options.headers[1].name == "X-Uid");
  CHECK(filled("user {peer.uid}", TemplateUse::kLine, values) == "user 1000");
}

TEST_CASE("template: one that cannot be filled in refuses, wherever it stands", "[template]") {
  const auto refuses = [](const auto& write) {
    config::Upstream upstream;
    upstream.url = "ws://h/{bridge}";
    write(upstream);
    const auto refusal = refuse_values(upstream, template_values(kTcp, "b", 1));
    CHECK((!refusal || refusal->message == "{peer.uid} is not known of this connection"));
    return refusal.has_value();
  };
  using config::Upstream;
  CHECK_FALSE(refuses([](Upstream&) {}));
  CHECK(refuses([](Upstream& upstream) { upstream.url = "ws://h/{peer.uid}"; }));
  CHECK(refuses([](Upstream& upstream) { upstream.urls = {"ws://h", "ws://h/{peer.uid}"}; }));
  CHECK(refuses([](Upstream& upstream) { upstream.headers = {{"X", "{peer.uid}"}}; }));
  CHECK(refuses([](Upstream& upstream) { upstream.cookie_jar = "/{peer.uid}"; }));
  CHECK(refuses([](Upstream& upstream) { upstream.on_open = {"a", "{peer.uid}"}; }));
}

TEST_CASE("template: what all sessions share is known beforehand", "[template]") {
  config::Bridge bridge;
  bridge.name = "chat";
  const auto jar = [&bridge](const std::string& path) {
    bridge.upstream.cookie_jar = path;
    return shared_cookie_jar(bridge).value_or("(each its own in " + shared_directory(bridge) + ")");
  };
  CHECK(jar("").empty());
  CHECK(jar("/j/{bridge}.txt") == "/j/chat.txt");
  CHECK(jar("/j/{{bridge}}.txt") == "/j/{bridge}.txt");
  CHECK(jar("/j/{bridge}/{peer.uid}.txt") == "(each its own in /j/chat)");
  CHECK(jar("/j/{peer.uid}/x.txt") == "(each its own in )");
  CHECK(jar("{peer.uid}.txt") == "(each its own in .)");
  CHECK(jar("/{peer.uid}.txt") == "(each its own in /)");
  CHECK(sample_text("ws://h/{peer.uid}/{bridge}", TemplateUse::kUrl, "chat") ==
        "ws://h/4294967294/chat");
}

}  // namespace
}  // namespace wsbridged
