// SPDX-License-Identifier: MIT
// The load of `./dev bench`: programs that talk lines on one side of a relay and a server on the
// other, in one process. It prints {"port": …}, where the server listens; reads "PORT PID" of the
// relay from standard input ("0 0" for none); runs; and prints what it measured as a line of JSON.
// With the work `serve` it only is the server, until the end of standard input.
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>

#include "load/run.h"

namespace {

using bench::Outcome;
using bench::RunOptions;
using bench::TlsSide;
using bench::Work;

constexpr const char* kUsage =
    "usage: load --work up|down|echo|round_trip|opens|idle|serve [--connections N] [--size BYTES]\n"
    "            [--seconds S | --lines N] [--warm-up S] [--time-limit S]\n"
    "            [--threads 1|2] [--under-way BYTES]\n"
    "            [--local lines|ws|wss] [--peer lines|tls|ws|wss|none]\n"
    "            [--certificate FILE --key FILE] [--resumption yes|no] [--newlines yes|no]";

class Arguments {
 public:
  Arguments(int argc, char** argv) {
    for (int i = 1; i + 1 < argc; i += 2) {
      values_[argv[i]] = argv[i + 1];
    }
    if (argc % 2 == 0) {
      throw std::invalid_argument(kUsage);
    }
  }

  std::string text(const std::string& name, const std::string& otherwise) {
    const auto found = values_.find(name);
    if (found == values_.end()) {
      return otherwise;
    }
    std::string value = found->second;
    values_.erase(found);
    return value;
  }

  double number(const std::string& name, double otherwise) {
    return std::stod(text(name, std::to_string(otherwise)));
  }

  std::uint64_t count(const std::string& name, std::uint64_t otherwise) {
    return std::stoull(text(name, std::to_string(otherwise)));
  }

  void refuse_others() const {
    if (!values_.empty()) {
      throw std::invalid_argument("there is no " + values_.begin()->first + "\n" + kUsage);
    }
  }

 private:
  std::map<std::string, std::string> values_;
};

Work work_named(const std::string& name) {
  static const std::map<std::string, Work> kWorks{
      {"up", Work::kUp},       {"down", Work::kDown},
      {"echo", Work::kEcho},   {"round_trip", Work::kRoundTrip},
      {"opens", Work::kOpens}, {"idle", Work::kIdle},
      {"serve", Work::kServe}};
  const auto found = kWorks.find(name);
  if (found == kWorks.end()) {
    throw std::invalid_argument(kUsage);
  }
  return found->second;
}

// A certificate that the peer does not show is no mistake.
TlsSide peer_tls(Arguments& arguments, bool has_tls) {
  const std::string certificate = arguments.text("--certificate", "");
  const std::string key = arguments.text("--key", "");
  const bool resumes = arguments.text("--resumption", "yes") == "yes";
  if (!has_tls) {
    return {};
  }
  return TlsSide::server(certificate, key,
                         resumes ? TlsSide::Resumption::kOffered : TlsSide::Resumption::kRefused);
}

RunOptions parse(int argc, char** argv) {
  Arguments arguments(argc, argv);
  const std::string local = arguments.text("--local", "lines");
  const std::string peer = arguments.text("--peer", "lines");
  RunOptions options;
  options.work = work_named(arguments.text("--work", ""));
  options.connections = arguments.count("--connections", 1);
  options.line_size = arguments.count("--size", 64);
  options.line_count = arguments.count("--lines", 0);
  options.duration =
      std::chrono::milliseconds(static_cast<std::int64_t>(1000 * arguments.number("--seconds", 1)));
  options.time_limit = std::chrono::seconds(arguments.count("--time-limit", 60));
  options.window_bytes = arguments.count("--under-way", options.window_bytes);
  options.local_is_websocket = local.starts_with("ws");
  options.has_peer = peer != "none";
  options.peer_is_websocket = peer.starts_with("ws");
  options.has_two_threads = arguments.count("--threads", 1) == 2;
  const double usual = std::chrono::duration<double>(options.duration).count() / 4;
  options.warm_up = std::chrono::milliseconds(
      static_cast<std::int64_t>(1000 * arguments.number("--warm-up", usual)));
  options.peer_tls = peer_tls(arguments, peer == "tls" || peer == "wss");
  if (local == "tls" || local == "wss") {
    options.local_tls = TlsSide::client();
  }
  if (arguments.text("--newlines", "no") == "yes") {
    options.newlines = bench::Newlines::kAllowed;
  }
  arguments.refuse_others();
  return options;
}

void print_percentile(const Outcome& outcome, const char* name, double share) {
  const auto& trips = outcome.round_trips;
  const auto index = static_cast<std::size_t>(share * static_cast<double>(trips.size()));
  std::cout << ", \"" << name << "\": " << trips[std::min(index, trips.size() - 1)];
}

void print(const Outcome& outcome) {
  const double load_share =
      outcome.seconds > 0 ? static_cast<double>(outcome.load_cpu) / 1e9 / outcome.seconds : 0;
  std::cout << R"({"lines": )" << outcome.line_count << R"(, "seconds": )" << outcome.seconds
            << R"(, "relay_cpu_ns": )" << outcome.relay_cpu << R"(, "load_cpu_ns": )"
            << outcome.load_cpu << R"(, "relay_waited_ns": )" << outcome.relay_waited
            << R"(, "load_waited_ns": )" << outcome.load_waited << R"(, "load_share": )"
            << load_share << R"(, "resumed": )" << outcome.resumed;
  if (!outcome.round_trips.empty()) {
    print_percentile(outcome, "p50_ns", 0.5);
    print_percentile(outcome, "p99_ns", 0.99);
    print_percentile(outcome, "p999_ns", 0.999);
  }
  std::cout << R"(, "rss_before": )" << outcome.before.resident << R"(, "rss_after": )"
            << outcome.after.resident << R"(, "pss_before": )" << outcome.before.proportional
            << R"(, "pss_after": )" << outcome.after.proportional << "}" << std::endl;
}

void conduct(const RunOptions& options) {
  bench::Run run(options);
  std::cout << R"({"port": )" << run.peer_port() << "}" << std::endl;
  if (options.work == Work::kServe) {
    run.serve();
    std::cin.ignore(std::numeric_limits<std::streamsize>::max());
    return;
  }
  std::uint16_t port = 0;
  pid_t relay = 0;
  if (!(std::cin >> port >> relay)) {
    throw std::runtime_error("there is no relay");
  }
  print(run.conduct(port == 0 ? run.peer_port() : port, relay));
}

}  // namespace

int main(int argc, char** argv) {
  // OpenSSL's sockets know no MSG_NOSIGNAL.
  (void)std::signal(SIGPIPE, SIG_IGN);
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = descriptors.rlim_max;
  setrlimit(RLIMIT_NOFILE, &descriptors);
  try {
    conduct(parse(argc, argv));
    return 0;
  } catch (const std::invalid_argument& usage) {
    std::cerr << usage.what() << '\n';
    return 2;
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
}
