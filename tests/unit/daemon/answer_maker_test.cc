// SPDX-License-Identifier: MIT
#include "daemon/answer_maker.h"

#include <future>
#include <vector>

#include "support/catch.h"

namespace wsbridged {
namespace {

TEST_CASE("answer maker: tasks run in their order, on a thread of their own", "[admin]") {
  AnswerMaker maker;
  std::vector<int> run;
  std::promise<std::thread::id> done;
  maker.run([&run] { run.push_back(1); });
  maker.run([&run] { run.push_back(2); });
  maker.run([&done] { done.set_value(std::this_thread::get_id()); });
  CHECK(done.get_future().get() != std::this_thread::get_id());
  CHECK(run == std::vector{1, 2});
}

TEST_CASE("answer maker: its end waits for the task under way", "[admin]") {
  std::promise<void> begun;
  std::promise<void> may_end;
  bool has_ended = false;
  std::thread releasing;
  {
    AnswerMaker maker;
    maker.run([&] {
      begun.set_value();
      may_end.get_future().wait();
      has_ended = true;
    });
    begun.get_future().wait();
    releasing = std::thread([&may_end] { may_end.set_value(); });
  }
  releasing.join();
  CHECK(has_ended);
}

TEST_CASE("answer maker: one that was never used has no thread to wait for", "[admin]") {
  const AnswerMaker maker;
}

}  // namespace
}  // namespace wsbridged
