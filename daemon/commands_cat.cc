// SPDX-License-Identifier: MIT
// The verb `cat`: one session, whose local program is stdin and stdout.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include <ws/event_loop.h>

#include "daemon/bridge.h"
#include "daemon/bridge_check.h"
#include "daemon/cat_pump.h"
#include "daemon/command_config.h"
#include "daemon/commands.h"
#include "daemon/cookie_problems.h"
#include "daemon/cookie_writer.h"
#include "daemon/daemon.h"
#include "daemon/metrics.h"
#include "daemon/own_peer.h"
#include "daemon/recent_errors.h"
#include "daemon/session.h"
#include "daemon/signals.h"
#include "daemon/template.h"

namespace wsbridged {

namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kSessionId = 1;
// After the first signal: how long the server must be silent, and how long all that may take.
constexpr milliseconds kQuiet{20};
constexpr milliseconds kPatience{1000};

// A shell's `<&-` must not let the first descriptor that is opened become stdin. False: there is no
// stdout.
bool has_streams() {
  for (const int descriptor : {STDIN_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) < 0 && errno == EBADF) {
      const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
      if (null >= 0 && null != descriptor) {
        ::dup2(null, descriptor);
        ::close(null);
      }
    }
  }
  return ::fcntl(STDOUT_FILENO, F_GETFD) >= 0;
}

// Of a person or a script that looks at stderr when something is wrong.
config::Log quiet_log(config::Log settings) {
  settings.level = std::max(settings.level, config::LogLevel::kWarn);
  if (settings.format == config::LogFormat::kAuto) {
    settings.format = config::LogFormat::kText;
  }
  return settings;
}

// A session from its beginning to its end, on this thread. It is over when it has ended and what
// came from it is written.
class CatSession {
 public:
  CatSession(const std::shared_ptr<Bridge>& bridge, Log& log)
      : log_(log),
        cookie_problems_(log),
        cookie_writer_(log),
        signals_(loop_, [this](int) { handle_signal(); }),
        patience_(loop_, [this] { end_session(); }),
        pump_(STDIN_FILENO, STDOUT_FILENO,
              [this] { loop_.post([this] { handle_output_over(); }); }) {
    session_ = std::make_unique<Session>(
        environment_, SessionSlot(bridge), kSessionId,
        Session::Local{.stream = ws::net::adopt_socket(loop_, pump_.take_session_end()),
                       .peer = own_peer()});
  }

  // The status to exit with.
  [[nodiscard]] int run() {
    loop_.run();
    if (!pump_.output_error().empty()) {
      log_.error("stdout cannot be written", {{"cause", pump_.output_error()}});
      return kExitFailure;
    }
    if (!pump_.input_error().empty()) {
      log_.error("stdin cannot be read", {{"cause", pump_.input_error()}});
      return kExitFailure;
    }
    if (pump_.is_output_gone()) {
      return kExitClean;  // who reads us wanted no more
    }
    return has_failed_ || !is_output_over_ ? kExitFailure : kExitClean;
  }

 private:
  void handle_finished() {
    const SessionReport& report = session_->report();
    has_failed_ = (report.end && report.end->is_error) || report.has_lost_bytes() ||
                  report.discarded_bytes > 0;
    patience_.stop();
    session_.reset();  // the pump sees its end
    stop_when_over();
  }

  // While there is a session: nobody reads stdout. To the session its program has hung up, then.
  void handle_output_over() {
    is_output_over_ = true;
    if (pump_.is_output_gone()) {
      log_.set_level(Log::Level::kError);  // who reads us wanted no more: no word about the rest
    }
    stop_when_over();
  }

  void stop_when_over() {
    if (is_output_over_ && has_ended_) {
      loop_.stop();
    }
  }

  // The first one lets out what was read; the second one ends everything at once.
  void handle_signal() {
    pump_.stop_input();
    if (session_ == nullptr) {
      loop_.stop();  // somebody does not read stdout
    } else if (has_ended_) {
      return;  // the next turn looks after it
    } else if (is_stopping_) {
      session_->abort();
    } else {
      is_stopping_ = true;
      session_->drain(kQuiet);
      patience_.start(kPatience);
    }
  }

  void end_session() {
    if (!has_ended_) {
      session_->end_for_shutdown();
    }
  }

  // Asked for each dial; the dial itself notices a changed file.
  [[nodiscard]] std::shared_ptr<ws::CookieJar> jar_of(const Bridge& bridge,
                                                      const TemplateValues& values) {
    if (jar_ != nullptr) {
      return jar_;
    }
    auto file = substitute(bridge.settings().upstream.cookie_jar, TemplateUse::kPath, values);
    if (std::holds_alternative<TemplateRefusal>(file)) {
      return nullptr;  // the session tells it
    }
    auto jar = Bridge::make_jar(std::get<std::string>(file));
    if (!jar) {
      log_.warn("cookie jar not read, sending no cookies", {{"cause", jar.error().message}});
      return nullptr;
    }
    jar_ = std::move(jar.value());
    if (jar_ != nullptr) {
      jar_->write_through(
          [this](ws::CookieWrite write) { cookie_writer_.write(std::move(write)); });
    }
    return jar_;
  }

  Log& log_;
  ws::EventLoop loop_;
  CookieProblems cookie_problems_;
  CookieWriter cookie_writer_;
  BridgeTotals totals_;  // nobody asks for them
  RecentErrors errors_;
  std::shared_ptr<ws::CookieJar> jar_;
  SignalWatch signals_;
  ws::Timer patience_;  // from the first signal on
  CatPump pump_;
  const Session::Environment environment_{
      .loop = loop_,
      .log = log_,
      .jar = [this](Bridge& bridge,
                    const TemplateValues& values) { return jar_of(bridge, values); },
      .cookie_problems = cookie_problems_,
      .totals = totals_,
      .errors = errors_,
      .on_finished =
          [this](Session&) {
            has_ended_ = true;
            loop_.post([this] { handle_finished(); });
          }};
  std::unique_ptr<Session> session_;
  bool is_stopping_ = false;
  bool has_ended_ = false;
  bool is_output_over_ = false;
  bool has_failed_ = false;
};

}  // namespace

int cat_command(const Command& command, const config::Environment& environment) {
  if (!has_streams()) {
    std::cerr << "wsbridged: stdout is closed\n";
    return kExitFailure;
  }
  const config::Loaded loaded = load_config(command, environment, check_bridge);
  print_errors(loaded.errors);
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
