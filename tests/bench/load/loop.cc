// SPDX-License-Identifier: MIT
#include "load/loop.h"

#include <sys/eventfd.h>

#include <array>

namespace bench {

Loop::Loop()
    : epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      waker_(checked(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")) {
  control(EPOLL_CTL_ADD, waker_.number(), nullptr, EPOLLIN);
}

void Loop::watch(int descriptor, Watcher& watcher, std::uint32_t events) {
  control(EPOLL_CTL_ADD, descriptor, &watcher, events);
}

void Loop::change(int descriptor, Watcher& watcher, std::uint32_t events) {
  control(EPOLL_CTL_MOD, descriptor, &watcher, events);
}

void Loop::control(int operation, int descriptor, void* data, std::uint32_t events) const {
  epoll_event event{.events = events, .data = {.ptr = data}};
  checked(epoll_ctl(epoll_.number(), operation, descriptor, &event), "epoll_ctl");
}

void Loop::run() {
  std::array<epoll_event, 256> events{};
  while (!is_stopped_) {
    const int count = epoll_wait(epoll_.number(), events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      void* data = events.at(static_cast<std::size_t>(i)).data.ptr;
      if (data == nullptr) {
        take_wake();
      } else {
        static_cast<Watcher*>(data)->on_ready();
      }
    }
  }
}

void Loop::take_wake() {
  std::uint64_t count = 0;
  if (::read(waker_.number(), &count, sizeof(count)) == sizeof(count)) {
    for (const auto& callback : callbacks_) {
      callback();
    }
  }
}

void Loop::wake() {
  const std::uint64_t one = 1;
  // It only fails when the loop is already to be woken.
  [[maybe_unused]] const ssize_t written = ::write(waker_.number(), &one, sizeof(one));
}

void Loop::stop() {
  is_stopped_ = true;
  wake();
}

}  // namespace bench
