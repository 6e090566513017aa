// SPDX-License-Identifier: MIT
#include "daemon/status_json.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "daemon/unix_time.h"
#include "daemon/version.h"

namespace wsbridged {

namespace {

using nlohmann::json;
using Time = std::chrono::system_clock::time_point;

// Three digits are enough for people, and a third of the bytes.
double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::uint64_t sum_of(const std::map<std::string, std::uint64_t, std::less<>>& reasons) {
  std::uint64_t sum = 0;
  for (const auto& [reason, count] : reasons) {
    sum += count;
  }
  return sum;
}

json direction_json(const DirectionTotals& totals) {
  return {{"lines", totals.lines},
          {"bytes", totals.bytes},
          {"buffered_bytes", totals.buffered_bytes},
          {"dropped_lines", sum_of(totals.dropped_lines)},
          {"altered_lines", sum_of(totals.altered_lines)}};
}

json dials_json(const BridgeTotals& totals) {
  json dials = json::object();
  for (std::size_t i = 0; i < kDialResults.size(); ++i) {
    dials[std::string(kDialResults[i])] = totals.dials[i];
  }
  return dials;
}

// 0 is unknown.
json time_or_null(std::int64_t time) {
  return time == 0 ? json() : json(time);
}

double seconds_of(std::chrono::milliseconds time) {
  return static_cast<double>(time.count()) / 1000;
}

json upstreams_json(const std::vector<UpstreamView>& upstreams) {
  json list = json::array();
  for (const UpstreamView& upstream : upstreams) {
    list.push_back(
        {{"url", upstream.url},
         {"rest_seconds", upstream.rest_left ? json(seconds_of(*upstream.rest_left)) : json()}});
  }
  return list;
}

json memory_json(const std::optional<MemoryView>& memory) {
  return memory ? json{{"limit_bytes", memory->limit},
                       {"held_bytes", memory->held},
                       {"peak_bytes", memory->peak}}
                : json();
}

json bridge_json(const BridgeView& bridge) {
  const BridgeTotals& totals = bridge.totals;
  return {{"name", bridge.name},
          {"listeners", bridge.listeners},
          {"upstreams", upstreams_json(bridge.upstreams)},
          {"dial_interval_seconds", seconds_of(bridge.dial_interval)},
          {"refused_connections", bridge.refused_connections},
          {"accepting", bridge.is_accepting},
          {"sessions", totals.sessions},
          {"max_connections", bridge.max_connections},
          {"sessions_total", totals.sessions_total},
          {"dials", dials_json(totals)},
          {"up", direction_json(totals.up)},
          {"down", direction_json(totals.down)},
          {"reconnects", totals.reconnects},
          {"replayed_lines", totals.replayed_lines},
          {"unconfirmed_bytes", totals.unconfirmed_bytes},
          {"cookie_expires", time_or_null(bridge.cookie_expires)},
          {"certificate_expires", time_or_null(totals.certificate_expires)}};
}

struct Flow {
  const DirectionCounters& counters;
  double lines_per_second;
  double bytes_per_second;
  std::size_t buffered_bytes;
};

json flow_json(const Flow& flow) {
  return {{"lines", flow.counters.lines},
          {"bytes", flow.counters.bytes},
          {"lines_per_second", rounded(flow.lines_per_second)},
          {"bytes_per_second", rounded(flow.bytes_per_second)},
          {"buffered_bytes", flow.buffered_bytes},
          {"dropped_lines", flow.counters.dropped_lines},
          {"altered_lines", flow.counters.altered_lines}};
}

json session_json(const SessionView& session, const SessionRate& rate) {
  const auto rtt = std::chrono::duration<double, std::milli>(session.ping_rtt).count();
  return {{"id", session.id},
          {"bridge", session.bridge},
          {"peer", session.peer},
          {"upstream", session.upstream},
          {"address", session.address},
          {"subprotocol", session.subprotocol},
          {"state", session.state},
          {"age_seconds", seconds_of(session.age)},
          {"rate_seconds", rounded(rate.seconds)},
          {"up", flow_json({session.up, rate.lines_up, rate.bytes_up, session.buffered_bytes_up})},
          {"down", flow_json({session.down, rate.lines_down, rate.bytes_down,
                              session.buffered_bytes_down})},
          {"reconnects", session.reconnecting.reconnects},
          {"replayed_lines", session.reconnecting.replayed_lines},
          {"unconfirmed_bytes", session.unconfirmed_bytes},
          {"ping_rtt_ms", session.ping_rtt.count() == 0 ? json() : json(rounded(rtt))}};
}

json error_json(const RecentError& error) {
  return {{"time", rounded(unix_seconds(error.time))},
          {"count", error.count},
          {"bridge", error.bridge},
          {"session", error.session == 0 ? json() : json(error.session)},
          {"cause", error.cause},
          {"advice", error.advice},
          {"peer_text", error.peer_text}};
}

json ready_json(const Readiness& readiness) {
  json object{{"ready", readiness.is_ready}};
  if (!readiness.is_ready) {
    object["reason"] = readiness.reason;
  }
  return object;
}

}  // namespace

std::string readiness_json(const Readiness& readiness) {
  return dump(ready_json(readiness));
}

std::string status_json(const Snapshot& snapshot, std::span<const SessionRate> rates, Time now) {
  json status = ready_json(snapshot.readiness);
  status["version"] = kVersion;
  status["revision"] = kRevision;
  status["time"] = rounded(unix_seconds(now));
  status["uptime_seconds"] = rounded(std::chrono::duration<double>(now - snapshot.started).count());
  status["threads"] = snapshot.threads;
  status["config_last_reload"] = {{"success", snapshot.reload.is_success},
                                  {"time", unix_seconds(snapshot.reload.time)}};
  status["accept_pauses"] = snapshot.accept_pauses;
  status["memory"] = memory_json(snapshot.memory);
  status["session_count"] = snapshot.session_count;
  for (const char* list : {"bridges", "sessions", "errors", "cookie_faults"}) {
    status[list] = json::array();
  }
  for (const BridgeView& bridge : snapshot.bridges) {
    status["bridges"].push_back(bridge_json(bridge));
  }
  for (std::size_t i = 0; i < snapshot.sessions.size(); ++i) {
    status["sessions"].push_back(session_json(snapshot.sessions[i], rates[i]));
  }
  for (const RecentError& error : snapshot.errors) {
    status["errors"].push_back(error_json(error));
  }
  for (const auto& [file, cause] : snapshot.cookie_faults) {
    status["cookie_faults"].push_back({{"cookie_jar", file}, {"cause", cause}});
  }
  return dump(status);
}

}  // namespace wsbridged
