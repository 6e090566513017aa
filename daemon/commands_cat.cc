// SPDX-License-Identifier: MIT
// The verb `cat`: one session, whose local program is stdin and stdout.
#include <unistd.h>

#include <iostream>
#include <memory>

#include <ws/event_loop.h>

#include "daemon/bridge.h"
#include "daemon/cat.h"
#include "daemon/command_config.h"
#include "daemon/commands.h"
#include "daemon/cookie_problems.h"
#include "daemon/cookie_writer.h"
#include "daemon/daemon.h"
#include "daemon/own_peer.h"
#include "daemon/session.h"
#include "daemon/signals.h"
#include "daemon/template.h"

namespace wsbridged {

namespace {

// Of a person or a script that looks at stderr when something is wrong.
config::Log quiet_log(config::Log settings) {
  settings.level = std::max(settings.level, config::LogLevel::kWarn);
  if (settings.format == config::LogFormat::kAuto) {
    settings.format = config::LogFormat::kText;
  }
  return settings;
}

// A session from its beginning to its end, on this thread.
class CatSession {
 public:
  CatSession(const std::shared_ptr<Bridge>& bridge, Log& log)
      : log_(log),
        cookie_problems_(log),
        cookie_writer_(log),
        signals_(loop_, [this](int) { handle_signal(); }),
        pump_(STDIN_FILENO, STDOUT_FILENO, [this] { loop_.post([this] { leave(); }); }) {
    Session::Environment environment{.loop = loop_,
                                     .log = log,
                                     .jar = jar_of(*bridge),
                                     .cookie_problems = cookie_problems_,
                                     .on_finished = [this](Session&) { loop_.stop(); }};
    session_ = std::make_unique<Session>(
        std::move(environment), SessionSlot(bridge), 1,
        Session::Local{.stream = ws::net::adopt_socket(loop_, pump_.take_session_end()),
                       .peer = own_peer()});
  }

  [[nodiscard]] int run() {
    loop_.run();
    const SessionReport report = session_->report();
    session_.reset();  // the pump's end of the pair sees an end
    if (!pump_.output_error().empty() || !pump_.input_error().empty()) {
      tell_pump_errors();
      return kExitFailure;
    }
    if (pump_.is_output_gone()) {
      return kExitClean;  // who reads us wanted no more
    }
    const bool has_failed = report.end->is_error || report.has_lost_bytes();
    return has_failed || report.discarded_bytes > 0 ? kExitFailure : kExitClean;
  }

 private:
  [[nodiscard]] std::shared_ptr<ws::CookieJar> jar_of(const Bridge& bridge) {
    auto file = substitute(bridge.settings().upstream.cookie_jar, TemplateUse::kPath,
                           template_values(own_peer(), bridge.name(), 1));
    if (std::holds_alternative<TemplateRefusal>(file)) {
      return nullptr;  // the session tells it
    }
    auto jar = Bridge::make_jar(std::get<std::string>(file));
    if (!jar) {
      log_.warn("cookie jar not read, sending no cookies",
                {{"bridge", bridge.name()}, {"cause", jar.error().message}});
      return nullptr;
    }
    if (jar.value() != nullptr) {
      jar.value()->write_through(
          [this](ws::CookieWrite write) { cookie_writer_.write(std::move(write)); });
    }
    return jar.value();
  }

  void handle_signal() {
    pump_.stop_input();
    if (is_stopping_) {
      session_->abort();
    } else {
      session_->end_for_shutdown();
    }
    is_stopping_ = true;
  }

  // Nobody reads stdout: what the upstream still sends is for nobody.
  void leave() {
    pump_.stop_input();
    session_->end_for_shutdown();
  }

  void tell_pump_errors() {
    if (!pump_.output_error().empty()) {
      log_.error("stdout cannot be written", {{"cause", pump_.output_error()}});
    }
    if (!pump_.input_error().empty()) {
      log_.error("stdin cannot be read", {{"cause", pump_.input_error()}});
    }
  }

  Log& log_;
  ws::EventLoop loop_;
  CookieProblems cookie_problems_;
  CookieWriter cookie_writer_;
  SignalWatch signals_;
  bool is_stopping_ = false;
  CatPump pump_;
  std::unique_ptr<Session> session_;
};

}  // namespace

int cat_command(const Command& command, const config::Environment& environment) {
  const config::Loaded loaded = load_config(command, environment);
  print_all(loaded.errors, "");
  if (!loaded.errors.empty()) {
    return kExitUsage;
  }
  const config::Bridge* const settings = find_bridge(loaded.config, command.target);
  if (settings == nullptr) {
    return kExitUsage;
  }
  Log log(quiet_log(loaded.config.log));
  for (const std::string& warning : command.warnings) {
    log.warn(warning);
  }
  auto bridge = Bridge::prepare(*settings);
  if (!bridge) {
    log.error("bridge " + settings->name + ": " + bridge.error().message);
    return kExitFailure;
  }
  return CatSession(bridge.value(), log).run();
}

}  // namespace wsbridged
