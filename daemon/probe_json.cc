// SPDX-License-Identifier: MIT
// docs/troubleshooting.md lists the fields.
#include <nlohmann/json.hpp>

#include "daemon/probe_print.h"

namespace wsbridged {

namespace {

using Json = nlohmann::ordered_json;

Json steps_of(const ProbeReport& report) {
  Json steps = Json::object();
  for (std::size_t i = 0; i < kProbeStepCount; ++i) {
    const ProbeStepResult& step = report.steps[i];
    Json& one = steps[std::string(to_string(static_cast<ProbeStep>(i)))];
    one["outcome"] = to_string(step.outcome);
    if (step.outcome == ProbeOutcome::kOk || step.outcome == ProbeOutcome::kFailed) {
      one["ms"] = static_cast<double>(step.time.count()) / 1000.0;
    }
  }
  return steps;
}

void add_way(const ws::OpeningDetails& details, Json& steps) {
  if (!details.looked_up.empty()) {
    steps["dns"]["name"] = details.looked_up;
  }
  steps["dns"]["addresses"] = details.addresses;
  Json& attempts = steps["tcp"]["attempts"] = Json::array();
  for (const ws::ConnectAttempt& attempt : details.attempts) {
    attempts.push_back({{"address", attempt.address}, {"connected", attempt.is_connected}});
    if (!attempt.failure.empty()) {
      attempts.back()["failure"] = attempt.failure;
    }
  }
  if (!details.proxy.empty()) {
    steps["proxy"]["address"] = details.proxy;
  }
}

void add_tls(const ws::OpeningDetails& details, Json& tls) {
  if (details.chain.empty()) {
    return;
  }
  tls["version"] = details.tls_version;
  tls["cipher"] = details.tls_cipher;
  tls["verified"] = details.is_verified;
  tls["pin"] = details.pin;
  Json& chain = tls["chain"] = Json::array();
  for (const ws::CertificateDetails& certificate : details.chain) {
    chain.push_back({{"subject", certificate.subject},
                     {"issuer", certificate.issuer},
                     {"names", certificate.names},
                     {"begins", utc_date(certificate.begins)},
                     {"expires", utc_date(certificate.expires)},
                     {"expires_unix", certificate.expires}});
  }
}

void add_response(const ProbeReport& report, Json& upgrade) {
  upgrade["offered_subprotocols"] = report.offered_subprotocols;
  upgrade["offered_compression"] = report.is_compression_offered;
  if (report.response.status == 0) {
    return;
  }
  upgrade["status"] = report.response.status;
  upgrade["reason"] = report.response.reason;
  upgrade["subprotocol"] = report.response.subprotocol;
  upgrade["extensions"] = report.response.extensions;
  Json& headers = upgrade["headers"] = Json::array();
  for (const ws::Header& header : report.response.headers) {
    headers.push_back({{"name", header.name}, {"value", header.value}});
  }
  upgrade["set_cookies"] = report.response.cookies;
}

Json cookies_of(const ProbeReport& report) {
  Json cookies = Json::array();
  for (const ProbeCookie& cookie : report.cookies) {
    cookies.push_back({{"name", cookie.name},
                       {"domain", cookie.domain},
                       {"path", cookie.path},
                       {"sent", cookie.is_sent}});
    if (!cookie.is_sent) {
      cookies.back()["why"] = cookie.why;
    }
  }
  return cookies;
}

}  // namespace

std::string probe_json(const ProbeReport& report) {
  Json json = {{"bridge", report.bridge}, {"url", report.url}, {"ok", report.is_ok()}};
  if (!report.is_ok()) {
    json["failure"] = report.failure;
    json["advice"] = report.advice;
  }
  if (!report.address.empty()) {
    json["address"] = report.address;
  }
  Json& steps = json["steps"] = steps_of(report);
  add_way(report.details, steps);
  add_tls(report.details, steps["tls"]);
  add_response(report, steps["upgrade"]);
  if (report.close) {
    steps["close"]["code"] = report.close->code;
    steps["close"]["reason"] = report.close->reason;
  }
  json["cookie_jar"] = report.cookie_jar;
  json["cookies"] = cookies_of(report);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace wsbridged
