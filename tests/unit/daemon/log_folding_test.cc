// SPDX-License-Identifier: MIT
// Repeated entries become one; nothing is forgotten, and the memory is bounded.
#include "daemon/log_folding.h"

#include <string>

#include "support/catch.h"

namespace wsbridged {
namespace {

using config::LogLevel;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Fields = std::vector<Field>;

// A folding and a clock that stands still.
class Folded {
 public:
  // How many of `count` equal entries are written.
  std::uint64_t write(std::uint64_t count, const std::string& cause = "refused",
                      LogLevel level = LogLevel::kWarn) {
    std::uint64_t written = 0;
    const Fields fields = {{"bridge", std::string("chat")},
                           {"session", ++session_},
                           {"cause", cause},
                           {"lines_up", std::uint64_t{2}}};
    for (std::uint64_t i = 0; i < count; ++i) {
      written += folding.admit({{}, level, "session failed", fields}, now) ? 1U : 0U;
    }
    return written;
  }

  // "MESSAGE key=value ..." of each.
  std::vector<std::string> told(bool is_end = false) {
    std::vector<std::string> all;
    for (const FoldedEntry& entry : is_end ? folding.take_all(now) : folding.take_due(now)) {
      all.push_back(format_journal({{}, entry.level, entry.message, entry.fields}));
    }
    return all;
  }

  LogFolding folding;
  LogFolding::Clock::time_point now{std::chrono::hours(1)};

 private:
  std::uint64_t session_ = 0;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("log folding: as many as the limit are written, further ones told as one entry",
          "[log]") {
  Folded folded;
  CHECK(folded.write(LogFolding::kFirstTold) == LogFolding::kFirstTold);
  CHECK_FALSE(folded.folding.next_due());
  CHECK(folded.write(312) == 0);
  CHECK(folded.told().empty());
  REQUIRE(folded.folding.next_due());
  folded.now = *folded.folding.next_due();
  CHECK(folded.told() == Texts{"<4>session failed: 312 more in 10 s bridge=chat cause=refused "
                               "folded=312 lines_up=624"});
  CHECK_FALSE(folded.folding.next_due());
}

TEST_CASE("log folding: what goes on is written less often, what paused as if it were new",
          "[log]") {
  Folded folded;
  (void)folded.write(LogFolding::kFirstTold + 1);
  folded.now += seconds(10);
  CHECK(folded.told().size() == 1);
  CHECK(folded.write(100) == LogFolding::kTold);
  folded.now += seconds(10);
  CHECK(folded.told().size() == 1);
  folded.now += seconds(10);
  CHECK(folded.told().empty());
  CHECK(folded.write(200) == LogFolding::kFirstTold);
}

TEST_CASE("log folding: the same without anybody who asks for what is due", "[log]") {
  Folded folded;
  (void)folded.write(LogFolding::kFirstTold + 5);
  folded.now += seconds(15);
  CHECK(folded.write(30) == LogFolding::kTold);
  CHECK(folded.told() ==
        Texts{"<4>session failed: 5 more in 10 s bridge=chat cause=refused folded=5 lines_up=10"});
  folded.now += seconds(60);
  CHECK(folded.write(200) == LogFolding::kFirstTold);
}

TEST_CASE("log folding: entries of another cause, level or message are another kind", "[log]") {
  Folded folded;
  (void)folded.write(1000);
  CHECK(folded.write(1, "unknown host") == 1);
  CHECK(folded.write(1, "refused", LogLevel::kError) == 1);
  CHECK(folded.folding.admit({{}, LogLevel::kWarn, "session ended", {}}, folded.now));
}

TEST_CASE("log folding: what is neither a warning nor an error is always written", "[log]") {
  Folded folded;
  CHECK(folded.write(10000, "", LogLevel::kInfo) == 10000);
  CHECK(folded.write(10000, "", LogLevel::kDebug) == 10000);
}

TEST_CASE("log folding: at the end everything is told, with the time that passed", "[log]") {
  Folded folded;
  (void)folded.write(LogFolding::kFirstTold + 7);
  folded.now += milliseconds(2500);
  const Texts told = folded.told(true);
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], StartsWith("<4>session failed: 7 more in 3 s "));
  CHECK(folded.told(true).empty());
}

TEST_CASE("log folding: of 65 kinds the first is told early and forgotten", "[log]") {
  Folded folded;
  (void)folded.write(LogFolding::kFirstTold + 3, "kind 0");
  for (std::size_t kind = 1; kind < LogFolding::kMaxKinds; ++kind) {
    folded.now += milliseconds(1);
    (void)folded.write(LogFolding::kFirstTold + 1, "kind " + std::to_string(kind));
  }
  CHECK(folded.told().empty());
  CHECK(folded.write(1, "one more") == 1);
  const Texts told = folded.told();
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], ContainsSubstring("session failed: 3 more in 1 s"));
  CHECK_THAT(told[0], ContainsSubstring("kind 0"));
}

}  // namespace wsbridged
