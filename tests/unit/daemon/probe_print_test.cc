// SPDX-License-Identifier: MIT
// What a probe prints, whole, and that it knows which header of a response may be shown.
#include "daemon/probe_print.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "daemon/own_peer.h"
#include "support/catch.h"

namespace wsbridged {
namespace {

using std::chrono::microseconds;

constexpr std::int64_t kNow = 1'795'348'801;  // 2026-11-22 12:00:01
constexpr std::int64_t kDay = 24 * 60 * 60;

void pass(ProbeReport& report, ProbeStep step, int tenths_of_a_millisecond) {
  report.step(step) = {.outcome = ProbeOutcome::kOk,
                       .time = microseconds(100 * tenths_of_a_millisecond)};
}

// Everything that can go well.
ProbeReport good_report() {
  ProbeReport report;
  report.bridge = "chat";
  report.url = "wss://chat.example/socket";
  report.address = "192.0.2.1:443";
  pass(report, ProbeStep::kOptions, 0);
  pass(report, ProbeStep::kDns, 4);
  pass(report, ProbeStep::kTcp, 123);
  report.step(ProbeStep::kProxy).outcome = ProbeOutcome::kNotNeeded;
  pass(report, ProbeStep::kTls, 2501);
  pass(report, ProbeStep::kUpgrade, 15);
  pass(report, ProbeStep::kPing, 121);
  pass(report, ProbeStep::kClose, 119);
  report.details = {
      .dials = 1,
      .looked_up = "chat.example",
      .addresses = {"[2001:db8::1]:443", "192.0.2.1:443"},
      .attempts = {{.address = "[2001:db8::1]:443", .failure = "Network is unreachable"},
                   {.address = "192.0.2.1:443", .is_connected = true, .failure = ""}},
      .tls_version = "TLSv1.3",
      .tls_cipher = "TLS_AES_256_GCM_SHA384",
      .is_verified = true,
      .chain = {{.subject = "CN=chat.example",
                 .issuer = "CN=An Authority",
                 .names = "chat.example",
                 .begins = kNow - kDay,
                 .expires = kNow + 90 * kDay},
                {.subject = "CN=An Authority",
                 .issuer = "CN=Root",
                 .names = "An Authority",
                 .begins = kNow - kDay,
                 .expires = kNow + 14 * kDay - 1}},
      .pin = "sha256//AAAA"};
  report.is_tls_wanted = true;
  report.offered_subprotocols = {"chat.v2", "chat.v1"};
  report.is_compression_offered = true;
  report.response = {.status = 101,
                     .reason = "Switching Protocols",
                     .subprotocol = "chat.v1",
                     .extensions = "permessage-deflate",
                     .headers = {{"Server", "a server"}},
                     .cookies = {"lang"}};
  report.cookie_jar = "/etc/cookies.txt";
  report.cookies = {
      {.name = "sid", .domain = "chat.example", .path = "/", .is_sent = true, .why = ""},
      {.name = "old",
       .domain = "chat.example",
       .path = "/admin",
       .is_sent = false,
       .why = "is for paths below /admin"}};
  report.close = ws::CloseInfo{.code = 1000, .reason = {}};
  return report;
}

ProbeReport failed_report() {
  ProbeReport report;
  report.bridge = "main";
  report.url = "ws://127.0.0.1:9/";
  report.step(ProbeStep::kOptions).outcome = ProbeOutcome::kOk;
  report.step(ProbeStep::kDns).outcome = ProbeOutcome::kNotNeeded;
  report.step(ProbeStep::kProxy).outcome = ProbeOutcome::kNotNeeded;
  report.step(ProbeStep::kTls).outcome = ProbeOutcome::kNotNeeded;
  report.step(ProbeStep::kTcp) = {.outcome = ProbeOutcome::kFailed, .time = microseconds(200)};
  report.details.attempts = {{.address = "127.0.0.1:9", .failure = "Connection refused"}};
  report.failure = "connect to 127.0.0.1:9: Connection refused";
  report.advice = "check that the server runs";
  return report;
}

ws::HttpResponse response(std::vector<ws::Header> headers) {
  ws::HttpResponse response;
  response.headers = std::move(headers);
  return response;
}

}  // namespace

TEST_CASE("probe: the text of one in which all goes well", "[probe]") {
  CHECK(probe_text(good_report(), kNow, Colour::kNo) ==
        R"(chat  wss://chat.example/socket
  dns      ok               0.4 ms  chat.example: [2001:db8::1]:443, 192.0.2.1:443
  tcp      ok              12.3 ms  192.0.2.1:443
                                    [2001:db8::1]:443: Network is unreachable
  proxy    not needed
  tls      ok             250.1 ms  TLSv1.3, TLS_AES_256_GCM_SHA384, verified
                                    certificate CN=chat.example, for chat.example
                                      by CN=An Authority, expires on 2027-02-20 12:00:01 UTC (in 90 days)
                                    authority CN=An Authority
                                      by CN=Root, expires on 2026-12-06 12:00:00 UTC (in 13 days)
                                    pin sha256//AAAA
  upgrade  ok               1.5 ms  101 Switching Protocols
                                    subprotocol: chat.v1 of chat.v2, chat.v1
                                    extensions: permessage-deflate
                                    Server: a server
                                    sets the cookies lang
  cookie   sent         sid (chat.example/)
  cookie   not sent     old (chat.example/admin): is for paths below /admin
  ping     ok              12.1 ms
  close    ok              11.9 ms  1000
  all went well
)");
}

TEST_CASE("probe: the text of a failure ends with its reason and what to try", "[probe]") {
  CHECK(probe_text(failed_report(), kNow, Colour::kNo) == R"(main  ws://127.0.0.1:9/
  dns      not needed
  tcp      failed           0.2 ms
                                    127.0.0.1:9: Connection refused
  proxy    not needed
  tls      not needed
  upgrade  not reached
  ping     not reached
  close    not reached
  failed: connect to 127.0.0.1:9: Connection refused
  try: check that the server runs
)");
}

TEST_CASE("probe: colour is around outcomes, dates that are near, and the result", "[probe]") {
  const std::string good = probe_text(good_report(), kNow, Colour::kYes);
  CHECK_THAT(good, ContainsSubstring("\x1b[32mok"));
  CHECK_THAT(good, ContainsSubstring("\x1b[33mexpires on 2026-12-06"));
  CHECK_THAT(good, !ContainsSubstring("\x1b[33mexpires on 2027"));
  CHECK_THAT(good, ContainsSubstring("\x1b[32mall went well\x1b[0m"));
  const std::string bad = probe_text(failed_report(), kNow, Colour::kYes);
  CHECK_THAT(bad, ContainsSubstring("\x1b[31mfailed\x1b[0m: connect"));
  // Without the colours it is the same.
  std::string plain;
  for (std::size_t i = 0; i < good.size(); ++i) {
    if (good[i] == '\x1b') {
      i = good.find('m', i);
    } else {
      plain += good[i];
    }
  }
  CHECK(plain == probe_text(good_report(), kNow, Colour::kNo));
}

TEST_CASE("probe: JSON is one line with every step", "[probe]") {
  const std::string line = probe_json(good_report());
  CHECK(line.find('\n') == line.size() - 1);
  const auto json = nlohmann::json::parse(line);
  CHECK(json["ok"] == true);
  CHECK_FALSE(json.contains("failure"));
  CHECK(json["address"] == "192.0.2.1:443");
  const auto& steps = json["steps"];
  CHECK(steps.size() == kProbeStepCount);
  CHECK(steps["dns"]["name"] == "chat.example");
  CHECK(steps["tcp"]["ms"] == 12.3);
  CHECK(steps["tcp"]["attempts"][0]["failure"] == "Network is unreachable");
  CHECK(steps["proxy"]["outcome"] == "not needed");
  CHECK(steps["tls"]["pin"] == "sha256//AAAA");
  CHECK(steps["tls"]["chain"][1]["expires"] == "2026-12-06 12:00:00 UTC");
  CHECK(steps["upgrade"]["subprotocol"] == "chat.v1");
  CHECK(steps["upgrade"]["extensions"] == "permessage-deflate");
  CHECK(steps["close"]["code"] == 1000);
  CHECK(json["cookies"][0]["sent"] == true);
  CHECK(json["cookies"][1]["why"] == "is for paths below /admin");
  const auto failed = nlohmann::json::parse(probe_json(failed_report()));
  CHECK(failed["ok"] == false);
  CHECK(failed["failure"] == "connect to 127.0.0.1:9: Connection refused");
  CHECK(failed["advice"] == "check that the server runs");
  CHECK(failed["steps"]["upgrade"]["outcome"] == "not reached");
  CHECK_FALSE(failed["steps"]["upgrade"].contains("ms"));
}

TEST_CASE("probe: JSON replaces what is no UTF-8", "[probe]") {
  ProbeReport report = failed_report();
  report.failure = "\xff";
  CHECK(nlohmann::json::parse(probe_json(report))["failure"] == "\xef\xbf\xbd");
}

TEST_CASE("probe: of a response's headers those are shown that hold no secret", "[probe]") {
  const auto shown = telling_headers(response({{"Server", "x\r\ny"},
                                               {"X-Token", "marker"},
                                               {"Set-Cookie", "sid=marker; Path=/"},
                                               {"WWW-Authenticate", "Digest nonce=\"marker\""},
                                               {"Location", "https://me:marker@login/p?t=marker#a"},
                                               {"Location", "/p?t=marker"}}));
  std::string all;
  for (const ws::Header& header : shown) {
    all += header.name + ": " + header.value + '\n';
  }
  CHECK(all ==
        "Server: x\\r\\ny\n"
        "WWW-Authenticate: Digest\n"
        "Location: https://login/p\n"
        "Location: /p\n");
}

TEST_CASE("probe: cookies that a server sets are shown by their names, at most 50", "[probe]") {
  CHECK(names_of_set_cookies(response({{"set-cookie", "sid=marker"}, {"Set-Cookie", "no"}})) ==
        std::vector<std::string>{"sid"});
  const auto many =
      names_of_set_cookies(response(std::vector<ws::Header>(60, {"Set-Cookie", "a=b"})));
  CHECK(many.size() == 50);
}

TEST_CASE("probe: every rule that keeps a cookie back has its words", "[probe]") {
  const auto why = [](ws::CookieVerdict verdict, bool is_host_only = true) {
    ws::Cookie cookie{.name = "sid", .value = "marker", .domain = "a.example"};
    cookie.host_only = is_host_only;
    cookie.expires = kNow;
    cookie.path = "/p";
    const ProbeCookie shown = probe_cookie({.cookie = cookie, .verdict = verdict});
    CHECK(shown.is_sent == (verdict == ws::CookieVerdict::kSent));
    return shown.why;
  };
  CHECK(why(ws::CookieVerdict::kSent).empty());
  CHECK(why(ws::CookieVerdict::kExpired) == "expired on 2026-11-22 12:00:01 UTC");
  CHECK(why(ws::CookieVerdict::kDomain) == "is for the host a.example alone");
  CHECK(why(ws::CookieVerdict::kDomain, false) == "is for the domain a.example");
  CHECK(why(ws::CookieVerdict::kPath) == "is for paths below /p");
  CHECK_THAT(why(ws::CookieVerdict::kSecure), ContainsSubstring("wss only"));
  CHECK_THAT(why(ws::CookieVerdict::kTooLarge), ContainsSubstring("8 KiB"));
}

TEST_CASE("probe: it stands for a local program of this process", "[probe]") {
  const Peer peer = own_peer();
  CHECK(peer.address == "127.0.0.1");
  CHECK(peer.is_unix);
  CHECK(peer.pid == getpid());
}

}  // namespace wsbridged
