// SPDX-License-Identifier: MIT
#include "daemon/shared_answers.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/run_until.h"

namespace wsbridged {
namespace {

// The program is asked by gather(), which answers when the test says so.
class Fixture {
 public:
  struct Asker {
    bool is_awaiting = true;
    AdminAnswer::Shared got{};
  };

  explicit Fixture(std::size_t size = 10) : size_(size) {}

  ~Fixture() { mailbox_->close(); }

  std::shared_ptr<Asker> ask() {
    auto asker = std::make_shared<Asker>();
    answers_.ask({[asker](const AdminAnswer::Shared& response) {
                    asker->got = response;
                    asker->is_awaiting = false;
                  },
                  [asker] { return asker->is_awaiting; }});
    return asker;
  }

  void gathered() { std::exchange(done_, {})(Snapshot()); }

  [[nodiscard]] bool wait_for(const std::function<bool()>& is_done) {
    return ws::test::run_until(loop_, is_done);
  }

  [[nodiscard]] int gatherings() const { return gatherings_; }

  [[nodiscard]] int made() const { return made_; }

 private:
  std::size_t size_;
  ws::EventLoop loop_;
  std::shared_ptr<LoopMailbox> mailbox_ = std::make_shared<LoopMailbox>(loop_);
  std::function<void(Snapshot)> done_;
  int gatherings_ = 0;
  std::atomic<int> made_{0};
  AnswerMaker maker_;
  SharedAnswers answers_{{.loop = loop_, .mailbox = mailbox_, .maker = maker_},
                         [this](std::function<void(Snapshot)> done) {
                           ++gatherings_;
                           done_ = std::move(done);
                         },
                         [this](const Snapshot&) {
                           AdminResponse response;
                           response.body = std::string(size_, 'x') + std::to_string(++made_);
                           return response;
                         }};
};

TEST_CASE("shared answers: who asks while one is gathered waits for the next", "[admin]") {
  Fixture fixture;
  const auto first = fixture.ask();
  const auto second = fixture.ask();
  const auto third = fixture.ask();
  CHECK(fixture.gatherings() == 1);
  fixture.gathered();
  REQUIRE(fixture.wait_for([&] { return first->got && fixture.gatherings() == 2; }));
  CHECK_FALSE(second->got);  // he asked later than what is told was gathered
  fixture.gathered();
  REQUIRE(fixture.wait_for([&] { return second->got && third->got; }));
  CHECK(second->got == third->got);  // one buffer
  CHECK(first->got != second->got);
  CHECK(fixture.gatherings() == 2);
  CHECK(fixture.made() == 2);
}

TEST_CASE("shared answers: nothing is gathered or made for those who have left", "[admin]") {
  Fixture fixture;
  const auto first = fixture.ask();
  const auto second = fixture.ask();
  first->is_awaiting = false;
  second->is_awaiting = false;
  fixture.gathered();
  const auto third = fixture.ask();
  REQUIRE(fixture.wait_for([&] { return fixture.gatherings() == 2; }));
  CHECK(fixture.made() == 0);
  fixture.gathered();
  REQUIRE(fixture.wait_for([&] { return third->got != nullptr; }));
  CHECK(fixture.made() == 1);
}

TEST_CASE("shared answers: at most 8 long ones are kept for slow readers", "[admin]") {
  Fixture fixture(SharedAnswers::kLong);
  const auto answered = [&fixture] {
    const auto asker = fixture.ask();
    if (!asker->got) {
      REQUIRE(fixture.wait_for(
          [&fixture, before = fixture.made()] { return fixture.gatherings() > before; }));
      fixture.gathered();
      REQUIRE(fixture.wait_for([&asker] { return asker->got != nullptr; }));
    }
    return asker;
  };
  std::vector<std::shared_ptr<Fixture::Asker>> slow;
  for (std::size_t i = 0; i < SharedAnswers::kMaxUnread; ++i) {
    slow.push_back(answered());
    CHECK(slow.back()->got->status == 200);
  }
  CHECK(answered()->got->status == 503);
  slow.pop_back();
  CHECK(answered()->got->status == 200);
}

TEST_CASE("loop mailbox: what was posted before it closed is not run", "[admin]") {
  ws::EventLoop loop;
  LoopMailbox mailbox(loop);
  std::vector<int> run;
  mailbox.post([&] {
    run.push_back(1);
    mailbox.close();
  });
  mailbox.post([&] { run.push_back(2); });
  bool is_over = false;
  loop.post([&] { is_over = true; });
  REQUIRE(ws::test::run_until(loop, [&] { return is_over; }));
  mailbox.post([&] { run.push_back(3); });
  CHECK(run == std::vector{1});
}

}  // namespace
}  // namespace wsbridged
