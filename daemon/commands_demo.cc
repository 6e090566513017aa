// SPDX-License-Identifier: MIT
// The verb `demo`: an echo server, a bridge to it, and a first conversation through both.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/demo.h"
#include "daemon/echo_server.h"

namespace wsbridged {

namespace {

// A directory of our own under the system's place for temporary files, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory()
      : path_((std::filesystem::temp_directory_path() / "wsbridged-demo-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) {
      throw std::system_error(errno, std::generic_category(), "cannot make a directory " + path_);
    }
  }

  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The echo server on a thread of its own, as if it were another program.
class EchoThread {
 public:
  EchoThread() : server_(loop_), thread_([this] { loop_.run(); }) {}

  ~EchoThread() {
    loop_.stop();
    thread_.join();
  }

  EchoThread(const EchoThread&) = delete;
  EchoThread& operator=(const EchoThread&) = delete;

  [[nodiscard]] std::string url() const { return server_.url(); }

 private:
  ws::EventLoop loop_;
  EchoServer server_;
  std::thread thread_;
};

// Sends three lines to each address and shows what comes back. False when something does not.
bool show_conversations(const std::vector<std::string>& addresses) {
  const std::vector<std::string> lines = {"hello", "each line is a message", "gr\u00fc\u00df dich"};
  bool all_well = true;
  for (const std::string& address : addresses) {
    std::cout << "\nover " << address << '\n';
    const auto replies = talk(address, lines);
    if (!replies) {
      std::cout << "  " << replies.error().message << '\n';
      all_well = false;
      continue;
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::cout << "  > " << lines[i] << "\n  < " << replies.value()[i] << '\n';
      all_well = all_well && lines[i] == replies.value()[i];
    }
  }
  std::cout.flush();
  return all_well;
}

config::Config quick_demo(const std::string& echo_url, const std::string& directory) {
  config::Config settings = demo_config(echo_url, directory);
  settings.log = {.level = config::LogLevel::kWarn, .format = config::LogFormat::kText};
  settings.shutdown.quiet = std::chrono::milliseconds(100);
  // An echo has nothing to say later: let `printf … | nc -N` end soon after its reply.
  settings.bridges.front().session.drain_timeout = std::chrono::seconds(1);
  return settings;
}

}  // namespace

int demo_command() {
  const TemporaryDirectory directory;
  const EchoThread echo;
  const config::Config settings = quick_demo(echo.url(), directory.path());
  Log log(settings.log);
  Daemon daemon(settings, log);
  for (const std::string& error : daemon.open()) {
    log.error(error);
    return kExitFailure;
  }
  std::vector<std::string> addresses;
  for (const Daemon::Bound& bound : daemon.bound()) {
    std::cout << "ready: " << bound.bridge << " on " << bound.address << '\n';
    addresses.push_back(bound.address);
  }
  bool all_well = false;
  std::thread newcomer([&] {
    all_well = show_conversations(addresses);
    if (isatty(STDOUT_FILENO) == 1 && all_well) {
      std::cout << '\n' << demo_text(echo.url(), addresses) << std::flush;
    } else {
      daemon.stop();
    }
  });
  const int status = daemon.run();
  newcomer.join();
  return all_well ? status : kExitFailure;
}

}  // namespace wsbridged
