// SPDX-License-Identifier: MIT
#include "net/flush_list.h"

namespace ws::net {

namespace {

void unlink(FlushLink& link) {
  link.previous->next = link.next;
  link.next->previous = link.previous;
  link = {};
}

}  // namespace

Flushable::~Flushable() {
  if (previous != nullptr) {
    unlink(*this);
  }
}

FlushList::~FlushList() {
  while (take_first() != nullptr) {
  }
}

void FlushList::add(Flushable& item) {
  FlushLink& link = item;
  if (link.previous != nullptr) {
    return;
  }
  link = {ring_.previous, &ring_};
  ring_.previous->next = &link;
  ring_.previous = &link;
}

Flushable* FlushList::take_first() {
  if (empty()) {
    return nullptr;
  }
  FlushLink& first = *ring_.next;
  unlink(first);
  return static_cast<Flushable*>(&first);
}

void FlushList::take_all(FlushList& other) {
  if (other.empty()) {
    return;
  }
  other.ring_.next->previous = ring_.previous;
  other.ring_.previous->next = &ring_;
  ring_.previous->next = other.ring_.next;
  ring_.previous = other.ring_.previous;
  other.ring_ = {&other.ring_, &other.ring_};
}

}  // namespace ws::net
