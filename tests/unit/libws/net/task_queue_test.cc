// SPDX-License-Identifier: MIT
// Posting from threads: order, wake-ups and the wish to stop.
#include "net/task_queue.h"

#include <poll.h>

#include <deque>
#include <thread>
#include <vector>

#include "support/catch.h"

using ws::net::TaskQueue;

namespace {

bool is_signalled(const TaskQueue& queue, int timeout_ms = 0) {
  pollfd entry{.fd = queue.descriptor(), .events = POLLIN, .revents = 0};
  return poll(&entry, 1, timeout_ms) == 1;
}

void post_many(TaskQueue& queue, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    queue.post([] {});
  }
}

}  // namespace

TEST_CASE("task queue: tasks come in the order of their posts", "[task_queue]") {
  TaskQueue queue;
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) {
    queue.post([&order, i] { order.push_back(i); });
  }
  std::deque<TaskQueue::Task> tasks;
  queue.take(tasks);
  for (const TaskQueue::Task& task : tasks) {
    task();
  }
  CHECK(order == std::vector<int>{0, 1, 2});
  CHECK(queue.empty());
}

TEST_CASE("task queue: the descriptor is readable exactly while something waits", "[task_queue]") {
  TaskQueue queue;
  CHECK_FALSE(is_signalled(queue));
  queue.post([] {});
  queue.post([] {});
  CHECK(is_signalled(queue));
  std::deque<TaskQueue::Task> tasks;
  queue.take(tasks);
  CHECK(tasks.size() == 2);
  CHECK_FALSE(is_signalled(queue));
}

TEST_CASE("task queue: the wish to stop is kept until it is taken, once", "[task_queue]") {
  TaskQueue queue;
  CHECK_FALSE(queue.take_stop());
  queue.ask_to_stop();
  CHECK(is_signalled(queue));
  CHECK(queue.take_stop());
  CHECK_FALSE(queue.take_stop());
}

TEST_CASE("task queue: every post of several threads arrives", "[task_queue]") {
  constexpr std::size_t thread_count = 4;
  constexpr std::size_t post_count = 1000;
  TaskQueue queue;
  std::vector<std::thread> threads;
  threads.reserve(thread_count);
  for (std::size_t i = 0; i < thread_count; ++i) {
    threads.emplace_back([&queue] { post_many(queue, post_count); });
  }
  std::deque<TaskQueue::Task> tasks;
  while (tasks.size() < thread_count * post_count) {
    REQUIRE(is_signalled(queue, 10'000));  // a post without its signal would end here
    queue.take(tasks);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(tasks.size() == thread_count * post_count);
}
