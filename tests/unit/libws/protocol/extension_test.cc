// SPDX-License-Identifier: MIT
// The grammar of Sec-WebSocket-Extensions, and permessage-deflate's offer and answer: every rule of
// RFC 7692 section 7.1 broken once.
#include "protocol/extension.h"

#include <optional>
#include <string>
#include <vector>

#include "protocol/extension_deflate.h"
#include "support/catch.h"

namespace ws::protocol {
namespace {

std::vector<Header> lines(const std::vector<std::string>& values) {
  std::vector<Header> headers;
  headers.reserve(values.size());
  for (const std::string& value : values) {
    headers.push_back({"sec-websocket-extensions", value});
  }
  return headers;
}

std::optional<std::string> parsed(const std::vector<std::string>& values) {
  const auto extensions = parse_extensions(lines(values));
  if (!extensions) {
    return std::nullopt;
  }
  std::string text;
  for (const Extension& extension : *extensions) {
    text += "[" + extension.name;
    for (const ExtensionParameter& parameter : extension.parameters) {
      text += " " + parameter.name + (parameter.value ? "=" + *parameter.value : "");
    }
    text += "]";
  }
  return text;
}

Compression offered() {
  Compression compression;
  compression.enabled = true;
  return compression;
}

AcceptedDeflate judge(const std::string& value, const Compression& compression = offered()) {
  const auto extensions = parse_extensions(lines({value}));
  REQUIRE(extensions);
  return judge_deflate_response(*extensions, compression);
}

DeflateSettings accepted(const std::string& value, const Compression& compression = offered()) {
  const auto answer = judge(value, compression);
  REQUIRE(std::holds_alternative<std::optional<DeflateSettings>>(answer));
  REQUIRE(std::get<std::optional<DeflateSettings>>(answer));
  return *std::get<std::optional<DeflateSettings>>(answer);
}

std::string refused(const std::string& value, const Compression& compression = offered()) {
  const auto answer = judge(value, compression);
  REQUIRE(std::holds_alternative<std::string_view>(answer));
  return std::string(std::get<std::string_view>(answer));
}

std::string bits_rule() {
  return "a window of permessage-deflate is not 8 to 15 bits";
}

}  // namespace

TEST_CASE("extensions: names and parameters, over several lines (RFC 6455 9.1)",
          "[extension][RFC6455-9.1-grammar][HS-extension-lines]") {
  CHECK(parsed({}) == "");
  CHECK(parsed({"", " , ,"}) == "");
  CHECK(parsed({"permessage-deflate"}) == "[permessage-deflate]");
  CHECK(parsed({"a; b; c=1 , d;e=\"f\"", "g"}) == "[a b c=1][d e=f][g]");
  CHECK(parsed({"a ;\tb =\t 1"}) == "[a b=1]");
  CHECK(parsed({R"(a; b="1\0")"}) == "[a b=10]");
}

TEST_CASE("extensions: what is no token is refused, quoted or not (RFC 6455 9.1)",
          "[extension][RFC6455-9.1-grammar][HS-extension-lines]") {
  for (const std::string value : {"a;",
                                  ";a",
                                  "a;;b",
                                  "a b",
                                  "a; b c",
                                  "a; b=",
                                  "a; =b",
                                  "a; b=c=d",
                                  "a; b=\"",
                                  "a; b=\"c",
                                  "a; b=\"\"",
                                  "a; b=\"c d\"",
                                  "a; b=\"c,d\"",
                                  "a; b=\"c;d\"",
                                  "a; b=\"c\"d\"",
                                  "a; b=\"c\\",
                                  "a; b=\"c\\\"",
                                  "a; b=c\"",
                                  "a; \"b\"",
                                  "\"a\"",
                                  "=",
                                  ";",
                                  "a=b"}) {
    INFO(value);
    CHECK_FALSE(parsed({value}));
    CHECK_FALSE(parsed({"good", "good, " + value}));
  }
}

TEST_CASE("extensions: long ones are read in one pass", "[extension][CVE-extension-parser]") {
  const std::string spaces(60'000, ' ');
  CHECK(parsed({"a" + spaces + ";" + spaces + "b" + spaces + "=" + spaces + "c"}) == "[a b=c]");
  CHECK_FALSE(parsed({"a" + std::string(60'000, ';')}));
  CHECK_FALSE(parsed({"a; b=\"" + std::string(60'000, '\\')}));
}

TEST_CASE("deflate offer: only what differs from the default, and the client's window",
          "[extension][RFC7692-5-offer]") {
  CHECK(deflate_offer({}).empty());
  CHECK(deflate_offer(offered()) == "permessage-deflate; client_max_window_bits");
  Compression all = offered();
  all.client_no_context_takeover = true;
  all.server_no_context_takeover = true;
  all.client_max_window_bits = 12;
  all.server_max_window_bits = 8;
  CHECK(deflate_offer(all) ==
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
        "server_max_window_bits=8; client_max_window_bits=12");
}

TEST_CASE("deflate options: out of range they are refused by name", "[extension]") {
  CHECK(check_compression(offered()).empty());
  const auto rule = [](auto change) {
    Compression compression = offered();
    change(compression);
    return std::string(check_compression(compression));
  };
  CHECK(rule([](auto& c) { c.client_max_window_bits = 9; }).empty());
  CHECK_THAT(rule([](auto& c) { c.client_max_window_bits = 8; }),
             ContainsSubstring("client_max_window_bits"));
  CHECK_THAT(rule([](auto& c) { c.client_max_window_bits = 16; }),
             ContainsSubstring("client_max_window_bits"));
  CHECK(rule([](auto& c) { c.server_max_window_bits = 8; }).empty());
  CHECK_THAT(rule([](auto& c) { c.server_max_window_bits = 7; }),
             ContainsSubstring("server_max_window_bits"));
  CHECK_THAT(rule([](auto& c) { c.server_max_window_bits = 16; }),
             ContainsSubstring("server_max_window_bits"));
  for (const int bad : {0, 10, -1}) {
    CHECK_THAT(rule([bad](auto& c) { c.level = bad; }), ContainsSubstring("level"));
    CHECK_THAT(rule([bad](auto& c) { c.memory_level = bad; }), ContainsSubstring("memory_level"));
  }
}

TEST_CASE("deflate answer: no extension means no compression",
          "[extension][RFC7692-7.1-declined]") {
  CHECK_FALSE(std::get<std::optional<DeflateSettings>>(judge("")));
  CHECK_FALSE(std::get<std::optional<DeflateSettings>>(judge("", {})));
}

TEST_CASE("deflate answer: each parameter has its meaning (RFC 7692 7.1)",
          "[extension][RFC7692-7.1-answer][RFC7692-7.1.2-window-values]") {
  Compression wish = offered();
  wish.level = 3;
  wish.memory_level = 4;
  wish.threshold = 5;
  const auto plain = accepted("permessage-deflate", wish);
  CHECK(plain.window_bits == 15);
  CHECK_FALSE(plain.no_context_takeover);
  CHECK_FALSE(plain.peer_no_context_takeover);
  CHECK(plain.level == 3);
  CHECK(plain.memory_level == 4);
  CHECK(plain.threshold == 5);

  CHECK(accepted("permessage-deflate; client_no_context_takeover").no_context_takeover);
  CHECK(accepted("permessage-deflate; server_no_context_takeover").peer_no_context_takeover);
  for (const int bits : {8, 9, 10, 15}) {
    const std::string text = std::to_string(bits);
    CHECK(accepted("permessage-deflate; client_max_window_bits=" + text).window_bits == bits);
    CHECK(accepted("permessage-deflate; client_max_window_bits=\"" + text + "\"").window_bits ==
          bits);
    CHECK(accepted("permessage-deflate; server_max_window_bits=" + text).window_bits == 15);
  }
}

TEST_CASE("deflate answer: what we wished for our own side holds, whatever the server says",
          "[extension]") {
  Compression wish = offered();
  wish.client_max_window_bits = 12;
  wish.client_no_context_takeover = true;
  wish.server_no_context_takeover = true;
  const auto settings = accepted("permessage-deflate", wish);
  CHECK(settings.window_bits == 12);
  CHECK(settings.no_context_takeover);
  CHECK_FALSE(settings.peer_no_context_takeover);  // only the answer binds the server
}

TEST_CASE("deflate answer: bad windows are refused (undici CVE-2026-2229, RFC 7692 7.1.2)",
          "[extension][CVE-window-bits][RFC7692-7.1.2-window-values]") {
  for (const std::string side : {"client", "server"}) {
    const std::string name = "permessage-deflate; " + side + "_max_window_bits";
    for (const std::string value :
         {"", "=0", "=7", "=16", "=08", "=015", "=010", "=99", "=100", "=999999999999", "=-8",
          "=1e1", "=9x", "=0x9", "=\"7\"", "=+9"}) {
      INFO(name << value);
      CHECK(refused(name + value) == bits_rule());
    }
  }
}

TEST_CASE("deflate answer: a window larger than offered is refused (RFC 7692 7.1.2)",
          "[extension][RFC7692-7.1.2-window-values]") {
  Compression wish = offered();
  wish.client_max_window_bits = 11;
  wish.server_max_window_bits = 10;
  CHECK(accepted("permessage-deflate; client_max_window_bits=11; server_max_window_bits=10", wish)
            .window_bits == 11);
  const std::string rule = "a window of permessage-deflate is larger than offered";
  CHECK(refused("permessage-deflate; client_max_window_bits=12", wish) == rule);
  CHECK(refused("permessage-deflate; server_max_window_bits=11", wish) == rule);
}

TEST_CASE("deflate answer: values, doubles and unknown parameters are refused (RFC 7692 7.1)",
          "[extension][RFC7692-7.1-answer][HS-extension-lines]") {
  for (const std::string name : {"client_no_context_takeover", "server_no_context_takeover"}) {
    CHECK(refused("permessage-deflate; " + name + "=1") ==
          "a context takeover parameter of permessage-deflate has a value");
    CHECK(refused(std::string("permessage-deflate; ").append(name).append("; ").append(name)) ==
          "permessage-deflate has a parameter twice");
  }
  CHECK(refused("permessage-deflate; server_max_window_bits=10; server_max_window_bits=10") ==
        "permessage-deflate has a parameter twice");
  for (const std::string name :
       {"unknown", "Server_No_Context_Takeover", "s2c_max_window_bits=8"}) {
    CHECK(refused("permessage-deflate; " + name) ==
          "permessage-deflate has a parameter that was not offered");
  }
}

TEST_CASE("deflate answer: only permessage-deflate, once, and only when offered (RFC 6455 4.1)",
          "[extension][RFC6455-4.1-extension][HS-extension-lines]") {
  const std::string rule = "the server chose an extension that was not offered";
  CHECK(refused("permessage-deflate", {}) == rule);
  CHECK(refused("x-webkit-deflate-frame") == rule);
  CHECK(refused("Permessage-Deflate") == rule);
  CHECK(refused("permessage-deflate, other") == rule);
  CHECK(refused("permessage-deflate, permessage-deflate") ==
        "the server chose permessage-deflate twice");
}

}  // namespace ws::protocol
