// SPDX-License-Identifier: MIT
// What is counted, and Prometheus' text format 0.0.4 of it. (That the format is what promtool takes
// is checked by `./dev metrics-check`; a parser of its own reads it in tests/e2e.)
#include "daemon/metrics.h"

#include "daemon/metrics_text.h"
#include "daemon/metrics_writer.h"
#include "support/catch.h"

namespace wsbridged {
namespace {

using namespace std::chrono_literals;

ws::Error failed(ws::Phase phase, ws::ErrorCode code) {
  ws::Error error;
  error.phase = phase;
  error.code = code;
  return error;
}

TEST_CASE("metrics: every failure of a dial has a result", "[metrics]") {
  using ws::ErrorCode;
  using ws::Phase;
  CHECK(dial_result(failed(Phase::kResolve, ErrorCode::kResolveFailed)) == DialResult::kDns);
  CHECK(dial_result(failed(Phase::kConnect, ErrorCode::kConnectFailed)) == DialResult::kTcp);
  CHECK(dial_result(failed(Phase::kProxy, ErrorCode::kProxyRefused)) == DialResult::kProxy);
  CHECK(dial_result(failed(Phase::kTls, ErrorCode::kCertificateRejected)) == DialResult::kTls);
  CHECK(dial_result(failed(Phase::kHttp, ErrorCode::kHttpStatus)) == DialResult::kHttp);
  CHECK(dial_result(failed(Phase::kHttp, ErrorCode::kHandshakeRejected)) == DialResult::kProtocol);
  CHECK(dial_result(failed(Phase::kTls, ErrorCode::kTimeout)) == DialResult::kTimeout);
  CHECK(dial_result(failed(Phase::kOptions, ErrorCode::kInvalidUrl)) == DialResult::kProtocol);
}

TEST_CASE("metrics: close codes have few labels", "[metrics]") {
  for (const auto& [code, label] :
       {std::pair(0, "none"), std::pair(999, "none"), std::pair(1000, "1000"),
        std::pair(1014, "1014"), std::pair(1015, "none"), std::pair(2999, "none"),
        std::pair(3000, "3xxx"), std::pair(3999, "3xxx"), std::pair(4000, "4xxx"),
        std::pair(4999, "4xxx"), std::pair(5000, "none")}) {
    CHECK(close_code_label(static_cast<std::uint16_t>(code)) == label);
  }
}

TEST_CASE("metrics: a histogram's bounds are part of their buckets", "[metrics]") {
  Histogram<kOpenBounds> histogram;
  histogram.observe(1ms);
  histogram.observe(1001us);
  histogram.observe(10s);
  histogram.observe(11s);
  CHECK(histogram.counts.front() == 1);
  CHECK(histogram.counts[1] == 1);
  CHECK(histogram.counts[kOpenBounds.size() - 1] == 1);
  CHECK(histogram.counts.back() == 1);
  CHECK(histogram.sum == Approx(21.002001));
}

TEST_CASE("metrics: totals of workers are added up", "[metrics]") {
  SessionReport report;
  report.up = {.lines = 3, .bytes = 30};
  report.down = {.lines = 4, .bytes = 40};
  report.close_code = 1001;
  report.upstream = {.reconnects = 1, .replayed_lines = 9};
  report.end = SessionEnd{.by = Side::kUpstream};
  BridgeTotals one;
  one.count_end(report, 2s);
  one.count_dropped(DropReason::kMaxLine);
  one.count_altered(AlterReason::kSpace);
  ws::TlsInfo tls;
  tls.certificate_expires = 100;
  one.count_open({.connect = 5ms, .http = 7ms}, tls, 5);
  BridgeTotals sum = one;
  sum.certificate_seen_at = 6;
  sum.certificate_expires = 200;
  sum.add(one);
  CHECK(sum.up.lines == 6);
  CHECK(sum.down.bytes == 80);
  CHECK(sum.up.dropped_lines.at("max_line") == 2);
  CHECK(sum.down.altered_lines.at("space") == 2);
  CHECK(sum.closes.at({Side::kUpstream, "1001"}) == 2);
  CHECK(sum.reconnects == 2);
  CHECK(sum.replayed_lines == 18);
  CHECK(sum.dials.front() == 2);
  CHECK(sum.open_seconds[1].sum == Approx(0.01));
  CHECK(sum.open_seconds[3].sum == 0);  // there was no TLS
  CHECK(sum.session_seconds.sum == Approx(4));
  CHECK(sum.certificate_expires == 200);  // the one that was seen last
}

TEST_CASE("metrics: families, labels and histograms are written as the format says", "[metrics]") {
  MetricsWriter out;
  out.counter("a_total", "Help.");
  out.sample({{"x", "back\\slash \"quoted\"\nline"}, {"y", "2"}}, std::uint64_t{7});
  out.gauge("b", "Help.");
  out.sample({}, 0.25);
  out.histogram("c", "Help.");
  const std::array bounds{0.5, 1.0};
  const std::array<std::uint64_t, 3> counts{1, 0, 2};
  out.sample({{"x", "1"}}, MetricsWriter::Buckets{.bounds = bounds, .counts = counts, .sum = 9.5});
  CHECK(out.take() ==
        "# HELP a_total Help.\n# TYPE a_total counter\n"
        "a_total{x=\"back\\\\slash \\\"quoted\\\"\\nline\",y=\"2\"} 7\n"
        "# HELP b Help.\n# TYPE b gauge\nb 0.25\n"
        "# HELP c Help.\n# TYPE c histogram\n"
        "c_bucket{x=\"1\",le=\"0.5\"} 1\nc_bucket{x=\"1\",le=\"1\"} 1\n"
        "c_bucket{x=\"1\",le=\"+Inf\"} 3\nc_sum{x=\"1\"} 9.5\nc_count{x=\"1\"} 3\n");
}

TEST_CASE("metrics: a bridge that did nothing has its counters already", "[metrics]") {
  Snapshot snapshot;
  snapshot.bridges.push_back({.name = "chat"});
  const std::string text = metrics_text(snapshot, {});
  for (const char* sample :
       {"wsbridged_sessions{bridge=\"chat\"} 0\n",
        "wsbridged_dials_total{bridge=\"chat\",result=\"timeout\"} 0\n",
        "wsbridged_lines_total{bridge=\"chat\",direction=\"down\"} 0\n",
        "wsbridged_dropped_lines_total{bridge=\"chat\",direction=\"up\",reason=\"max_line\"} 0\n",
        "wsbridged_closes_total{bridge=\"chat\",by=\"upstream\",code=\"1006\"} 0\n",
        "wsbridged_open_seconds_count{bridge=\"chat\",phase=\"tls\"} 0\n",
        "wsbridged_accept_pauses_total 0\n", "process_open_fds 0\n"}) {
    CHECK_THAT(text, ContainsSubstring(sample));
  }
  // Unknown is no sample: 0 would be an expiry long ago.
  CHECK(text.find("wsbridged_cookie_expiry_timestamp_seconds{") == std::string::npos);
}

// An alert needs the 0 before the first one; a word with spaces is none that people can type.
TEST_CASE("metrics: every reason to drop or alter a line is there with 0 from the start",
          "[metrics]") {
  Snapshot snapshot;
  snapshot.bridges.push_back({.name = "chat"});
  const std::string text = metrics_text(snapshot, {});
  const auto check = [&text](const std::string& metric, const LineReason& reason) {
    CHECK(reason.word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") ==
          std::string_view::npos);
    CHECK_THAT(text, ContainsSubstring(metric + "{bridge=\"chat\",direction=\"" +
                                       std::string(to_string(reason.direction)) + "\",reason=\"" +
                                       std::string(reason.word) + "\"} 0\n"));
  };
  for (const LineReason& reason : kDropReasons) {
    check("wsbridged_dropped_lines_total", reason);
  }
  for (const LineReason& reason : kAlterReasons) {
    check("wsbridged_altered_lines_total", reason);
  }
}

TEST_CASE("metrics: a drop is counted under its word and direction", "[metrics]") {
  Snapshot snapshot;
  snapshot.bridges.push_back({.name = "chat"});
  BridgeTotals& totals = snapshot.bridges.front().totals;
  for (std::size_t i = 0; i < kDropReasons.size(); ++i) {
    totals.count_dropped(static_cast<DropReason>(i));
  }
  const std::string text = metrics_text(snapshot, {});
  for (const LineReason& reason : kDropReasons) {
    CHECK_THAT(text, ContainsSubstring("direction=\"" + std::string(to_string(reason.direction)) +
                                       "\",reason=\"" + std::string(reason.word) + "\"} 1\n"));
  }
}

}  // namespace
}  // namespace wsbridged
