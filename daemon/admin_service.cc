// SPDX-License-Identifier: MIT
#include "daemon/admin_service.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "config/words.h"
#include "daemon/metrics_text.h"
#include "daemon/process_stats.h"
#include "daemon/status_json.h"
#include "daemon/status_page.h"

namespace wsbridged {

namespace {

using nlohmann::json;

constexpr int kUnauthorized = 401;

AdminResponse json_response(int status, const json& value) {
  AdminResponse response;
  response.status = status;
  response.body = value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  return response;
}

AdminResponse readiness_response(const Readiness& readiness) {
  AdminResponse response;
  response.status = readiness.is_ready ? 200 : 503;
  response.body = readiness_json(readiness);
  return response;
}

AdminResponse reload_response(const ReloadResult& result) {
  if (!result.errors.empty()) {
    return json_response(409,
                         {{"error", "not reloaded, the configuration of before stays in force"},
                          {"errors", result.errors}});
  }
  json changes = json::array();
  for (const ConfigChange& change : result.changes) {
    changes.push_back({{"key", change.path}, {"before", change.before}, {"after", change.after}});
  }
  return json_response(200, {{"reloaded", true},
                             {"change_count", result.change_count},
                             {"changes", std::move(changes)},
                             {"warnings", result.warnings}});
}

AdminResponse metrics_response(Snapshot snapshot) {
  merge_workers(snapshot);
  AdminResponse response;
  response.content_type = kMetricsType;
  response.body = metrics_text(snapshot, read_process_stats());
  return response;
}

AdminResponse status_response(Snapshot snapshot, SessionRates& rates) {
  merge_workers(snapshot);
  const auto now = rates.look(snapshot.sessions, std::chrono::steady_clock::now());
  AdminResponse response;
  response.body = status_json(snapshot, now, std::chrono::system_clock::now());
  return response;
}

AdminResponse page_response() {
  AdminResponse response;
  response.content_type = "text/html; charset=utf-8";
  response.body = kStatusPage;
  response.content_security_policy = kStatusPagePolicy;
  return response;
}

std::optional<std::uint64_t> parse_id(std::string_view text) {
  std::uint64_t id = 0;
  const auto read = std::from_chars(text.begin(), text.end(), id);
  const bool is_number = read.ec == std::errc() && read.ptr == text.end();
  return is_number ? std::optional(id) : std::nullopt;
}

AdminResponse no_such_session(const std::string& id) {
  return refusal(404, "there is no live session " + id + " (wsbridged ctl ps lists them)");
}

// "width=80" in a query; else as wide as a tap goes.
std::size_t width_of(std::string_view query) {
  constexpr std::string_view kWidth = "width=";
  std::size_t width = Tap::kMaxLine;
  if (query.starts_with(kWidth)) {
    query.remove_prefix(kWidth.size());
    std::from_chars(query.begin(), query.end(), width);
  }
  return std::clamp<std::size_t>(width, 1, Tap::kMaxLine);
}

}  // namespace

AdminService::AdminService(ws::EventLoop& loop, AdminTarget& target, AdminGate gate, Log& log)
    : target_(target),
      gate_(std::move(gate)),
      log_(log),
      wrong_tokens_(loop, log, "admin", Refusals::Of::kRequests),
      mailbox_(std::make_shared<LoopMailbox>(loop)),
      loop_(loop),
      metrics_(answers_of(Snapshot::Detail::kTotals, metrics_response)),
      status_(answers_of(
          Snapshot::Detail::kSessions,
          [this](Snapshot snapshot) { return status_response(std::move(snapshot), rates_); })),
      life_(answers_of(Snapshot::Detail::kNothing, [](const Snapshot&) {
        return json_response(200, {{"live", true}});
      })) {}

AdminService::~AdminService() {
  close();
}

SharedAnswers AdminService::answers_of(Snapshot::Detail detail, SharedAnswers::Make make) {
  return {{.loop = loop_, .mailbox = mailbox_, .maker = maker_},
          [this, detail](std::function<void(Snapshot)> done) {
            target_.take_snapshot(detail, std::move(done));
          },
          std::move(make)};
}

template <class Value>
std::function<void(Value)> AdminService::on_loop(std::function<void(Value)> action) {
  return [mailbox = mailbox_, action = std::move(action)](Value value) {
    mailbox->post([action, value = std::move(value)]() mutable { action(std::move(value)); });
  };
}

void AdminService::serve(const Asked& asked, const Answer& answer) {
  auto admitted = gate_.admit(asked.request, asked.door);
  if (auto* response = std::get_if<AdminResponse>(&admitted)) {
    tell_refusal(*response, asked);
    answer(std::move(*response));
    return;
  }
  perform(std::get<AdminRoute>(admitted), asked, answer);
}

// Somebody without the token tries to do something: his operator should see that.
void AdminService::tell_refusal(const AdminResponse& response, const Asked& asked) {
  if (response.status == kUnauthorized) {
    wrong_tokens_.add(asked.peer, "token_file", "a verb came without the right token");
    return;
  }
  if (!response.fault.empty()) {
    log_.warn("admin request cannot be served",
              {{"peer", asked.peer.to_string()}, {"cause", response.fault}});
  }
  log_.debug("admin request refused", {{"peer", asked.peer.to_string()},
                                       Field::peer_text("path", asked.request.path),
                                       {"status", std::int64_t{response.status}}});
}

// A reload that waits for files or names is no failure, and goes on without who asked for it.
AdminResponse AdminService::late_answer(const HttpRequest& request) {
  if (request.path != "/ctl/reload") {
    return refusal(503, "the program did not answer within 10 s");
  }
  return json_response(202, {{"reloaded", false}, {"under_way", true}});
}

void AdminService::perform(const AdminRoute& route, const Asked& asked, const Answer& answer) {
  switch (route.action) {
    case AdminAction::kMetrics:
      return metrics_.ask(answer);
    case AdminAction::kStatus:
      return status_.ask(answer);
    case AdminAction::kLivez:
      return life_.ask(answer);
    case AdminAction::kReadyz:
      return answer(readiness_response(target_.readiness()));
    case AdminAction::kPage:
      return answer(page_response());
    case AdminAction::kKill:
      return kill(route, asked, answer);
    case AdminAction::kTap:
      return tap(route, asked, answer);
    case AdminAction::kDrain:
      log_.info("drain asked for", {{"peer", asked.peer.to_string()}});
      target_.start_drain();
      return answer(json_response(202, {{"draining", true}}));
    case AdminAction::kReload:
      log_.info("reload asked for", {{"peer", asked.peer.to_string()}});
      return reload(answer);
    case AdminAction::kLogLevel:
      return set_log_level(route, asked, answer);
  }
}

void AdminService::kill(const AdminRoute& route, const Asked& asked, const Answer& answer) {
  const auto id = parse_id(route.argument);
  if (!id) {
    return answer(no_such_session(route.argument));
  }
  log_.info("session to be ended, asked for by ctl",
            {{"session", *id}, {"peer", asked.peer.to_string()}});
  target_.kill_session(*id, on_loop<bool>([answer, id = route.argument](bool found) {
    answer(found ? json_response(202, {{"ending", true}}) : no_such_session(id));
  }));
}

void AdminService::tap(const AdminRoute& route, const Asked& asked, const Answer& answer) {
  const auto id = parse_id(route.argument);
  if (!id) {
    return answer(no_such_session(route.argument));
  }
  if (*tap_count_ >= kMaxTaps) {
    return answer(refusal(429, "8 sessions are watched already: end another tap first"));
  }
  log_.warn("lines of a session are shown to a tap",
            {{"session", *id}, {"peer", asked.peer.to_string()}});
  ++*tap_count_;
  // The last owner lets go of it on any thread.
  const auto tap = std::make_shared<Tap>(
      width_of(asked.request.query),
      [mailbox = mailbox_, ready = asked.on_tap_ready] { mailbox->post(ready); });
  target_.tap_session(*id, tap, on_loop<bool>([this, answer, tap, id = route.argument](bool found) {
    if (!found) {
      --*tap_count_;
      return answer(no_such_session(id));
    }
    AdminResponse response;
    response.content_type = "application/x-ndjson";
    response.tap = std::shared_ptr<Tap>(tap.get(), [tap, count = tap_count_](Tap*) {
      tap->leave();
      --*count;
    });
    answer(std::move(response));
  }));
}

void AdminService::reload(const Answer& answer) {
  target_.reload_configuration(on_loop<ReloadResult>(
      [answer](const ReloadResult& result) { answer(reload_response(result)); }));
}

void AdminService::set_log_level(const AdminRoute& route, const Asked& asked,
                                 const Answer& answer) {
  for (const auto& word : config::kLogLevels) {
    if (word.text == route.argument) {
      change_log_level(word.value, route, asked);
      return answer(json_response(200, {{"level", word.text}}));
    }
  }
  answer(refusal(400, "the level must be debug, info, warn or error"));
}

// Told on the side of the change where it shows.
void AdminService::change_log_level(config::LogLevel level, const AdminRoute& route,
                                    const Asked& asked) {
  const bool is_told_first = log_.is_on(config::LogLevel::kInfo);
  if (!is_told_first) {
    target_.set_log_level(level);
  }
  log_.info("log level set", {{"log_level", route.argument}, {"peer", asked.peer.to_string()}});
  if (is_told_first) {
    target_.set_log_level(level);
  }
}

}  // namespace wsbridged
