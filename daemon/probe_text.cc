// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/probe_print.h"

namespace wsbridged {

namespace {

constexpr std::int64_t kSecondsPerDay = 24 * 60 * 60;
constexpr std::int64_t kSoon = 14 * kSecondsPerDay;
constexpr std::size_t kNameWidth = 9;
constexpr std::size_t kOutcomeWidth = 13;
constexpr std::size_t kTimeWidth = 12;
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kPlain = "\x1b[0m";

std::string padded(std::string_view text, std::size_t width) {
  std::string result(text);
  result.resize(std::max(width, result.size() + 1), ' ');
  return result;
}

std::string shown_time(std::chrono::microseconds time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%7.1f ms", static_cast<double>(time.count()) / 1000.0);
  return text.data();
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) {
    text += text.empty() ? item : ", " + item;
  }
  return text;
}

// Writes a report from top to bottom.
class ProbeText {
 public:
  ProbeText(const ProbeReport& report, std::int64_t unix_now, Colour colour)
      : report_(report), unix_now_(unix_now), is_coloured_(colour == Colour::kYes) {}

  std::string write() {
    out_ = painted(report_.bridge, kBold) + "  " + report_.url + '\n';
    write_way();
    write_tls();
    write_upgrade();
    write_cookies();
    step(ProbeStep::kPing, "");
    step(ProbeStep::kClose, report_.close ? std::to_string(report_.close->code) : "");
    write_result();
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string painted(std::string_view text, std::string_view colour) const {
    return is_coloured_ ? std::string(colour).append(text).append(kPlain) : std::string(text);
  }

  // A step's line. What follows it stands below `what`.
  void step(ProbeStep step, const std::string& what) {
    const ProbeStepResult& result = report_.step(step);
    const bool is_ok = result.outcome == ProbeOutcome::kOk;
    const bool is_failed = result.outcome == ProbeOutcome::kFailed;
    const std::string outcome = padded(to_string(result.outcome), kOutcomeWidth);
    std::string line = "  " + padded(to_string(step), kNameWidth);
    if (is_ok || is_failed) {
      line += painted(outcome, is_ok ? kGreen : kRed);
      line += padded(shown_time(result.time), kTimeWidth) + what;
      line.erase(line.find_last_not_of(' ') + 1);
    } else {
      line += painted(to_string(result.outcome), kDim);
    }
    out_ += line + '\n';
  }

  void below(const std::string& text) {
    out_ += std::string(2 + kNameWidth + kOutcomeWidth + kTimeWidth, ' ') + text + '\n';
  }

  void write_way() {
    const ws::OpeningDetails& details = report_.details;
    if (report_.step(ProbeStep::kOptions).outcome == ProbeOutcome::kFailed) {
      step(ProbeStep::kOptions, "");
    }
    const std::string addresses = joined(details.addresses);
    step(ProbeStep::kDns, details.looked_up + (addresses.empty() ? "" : ": " + addresses));
    step(ProbeStep::kTcp, report_.address);
    for (const ws::ConnectAttempt& attempt : details.attempts) {
      if (!attempt.is_connected) {
        below(attempt.address + ": " +
              (attempt.failure.empty() ? "no answer so far" : attempt.failure));
      }
    }
    step(ProbeStep::kProxy, details.proxy);
  }

  void write_tls() {
    const ws::OpeningDetails& details = report_.details;
    if (details.chain.empty()) {
      step(ProbeStep::kTls, "");
      return;
    }
    std::string what = details.tls_version;
    what += details.tls_cipher.empty() ? "" : ", " + details.tls_cipher;
    const bool is_failed = report_.step(ProbeStep::kTls).outcome == ProbeOutcome::kFailed;
    if (!is_failed) {
      what += ", ";
      what += details.is_verified ? "verified"
                                  : painted("not verified: tls.insecure_skip_verify", kYellow);
    }
    step(ProbeStep::kTls, what);
    for (std::size_t i = 0; i < details.chain.size(); ++i) {
      write_certificate(details.chain[i], i == 0);
    }
    if (!details.pin.empty()) {
      below("pin " + details.pin);
    }
  }

  void write_certificate(const ws::CertificateDetails& certificate, bool is_servers) {
    std::string text = (is_servers ? "certificate " : "authority ") + certificate.subject;
    text += is_servers ? ", for " + certificate.names : "";
    below(text);
    const bool is_over = certificate.expires < unix_now_;
    const std::int64_t days = (certificate.expires - unix_now_) / kSecondsPerDay;
    const std::string when = (is_over ? "expired on " : "expires on ") +
                             utc_date(certificate.expires) +
                             (is_over ? "" : " (in " + std::to_string(days) + " days)");
    const bool is_soon = certificate.expires - unix_now_ < kSoon;
    below("  by " + certificate.issuer + ", " + (is_soon ? painted(when, kYellow) : when));
  }

  void write_upgrade() {
    const ProbeResponse& response = report_.response;
    std::string what;
    if (response.status != 0) {
      what = std::to_string(response.status) + " " + response.reason;
    }
    step(ProbeStep::kUpgrade, what);
    if (response.status == 0) {
      return;
    }
    if (!report_.offered_subprotocols.empty()) {
      below("subprotocol: " + (response.subprotocol.empty() ? "none" : response.subprotocol) +
            " of " + joined(report_.offered_subprotocols));
    }
    if (report_.is_compression_offered || !response.extensions.empty()) {
      below("extensions: " + (response.extensions.empty() ? "none" : response.extensions));
    }
    for (const ws::Header& header : response.headers) {
      below(header.name + ": " + header.value);
    }
    if (!response.cookies.empty()) {
      below("sets the cookies " + joined(response.cookies));
    }
  }

  void write_cookies() {
    for (const ProbeCookie& cookie : report_.cookies) {
      std::string line = "  " + padded("cookie", kNameWidth);
      line += padded(cookie.is_sent ? "sent" : "not sent", kOutcomeWidth);
      line += cookie.name + " (" + cookie.domain + cookie.path + ")";
      line += cookie.is_sent ? "" : ": " + cookie.why;
      out_ += line + '\n';
    }
  }

  void write_result() {
    if (report_.is_ok()) {
      out_ += "  " + painted("all went well", kGreen) + '\n';
      return;
    }
    out_ += "  " + painted("failed", kRed) + ": " + report_.failure + '\n';
    if (!report_.advice.empty()) {
      out_ += "  try: " + report_.advice + '\n';
    }
  }

  const ProbeReport& report_;
  std::int64_t unix_now_;
  bool is_coloured_;
  std::string out_;
};

}  // namespace

std::string probe_text(const ProbeReport& report, std::int64_t unix_now, Colour colour) {
  return ProbeText(report, unix_now, colour).write();
}

}  // namespace wsbridged
