// SPDX-License-Identifier: MIT
// The ring of items to flush: order, and items that go away while they are on it.
#include "net/flush_list.h"

#include <memory>
#include <vector>

#include "support/catch.h"

using ws::net::Flushable;
using ws::net::FlushList;

namespace {

class Item final : public Flushable {
 public:
  void flush() override {}
};

std::vector<Flushable*> take(FlushList& list) {
  std::vector<Flushable*> items;
  while (Flushable* item = list.take_first()) {
    items.push_back(item);
  }
  return items;
}

}  // namespace

TEST_CASE("flush list: items come out in the order in which they were added", "[flush_list]") {
  FlushList list;
  Item a;
  Item b;
  Item c;
  list.add(b);
  list.add(a);
  list.add(c);
  CHECK(take(list) == std::vector<Flushable*>{&b, &a, &c});
  CHECK(list.empty());
}

TEST_CASE("flush list: an item that is added twice comes once, and may be added again after",
          "[flush_list]") {
  FlushList list;
  Item a;
  Item b;
  list.add(a);
  list.add(b);
  list.add(a);
  CHECK(take(list) == std::vector<Flushable*>{&a, &b});
  list.add(a);
  CHECK(take(list) == std::vector<Flushable*>{&a});
}

TEST_CASE("flush list: an item takes itself out when it is destroyed, wherever it stands",
          "[flush_list]") {
  const std::size_t victim = GENERATE(std::size_t{0}, 1U, 2U);
  FlushList list;
  std::vector<std::unique_ptr<Item>> items;
  std::vector<Flushable*> expected;
  for (std::size_t i = 0; i < 3; ++i) {
    items.push_back(std::make_unique<Item>());
    list.add(*items.back());
    if (i != victim) {
      expected.push_back(items.back().get());
    }
  }
  items[victim].reset();
  CHECK(take(list) == expected);
}

TEST_CASE("flush list: all items of another list move to the end, the other is left empty",
          "[flush_list]") {
  FlushList first;
  FlushList second;
  Item a;
  Item b;
  Item c;
  first.add(a);
  second.add(b);
  second.add(c);
  first.take_all(second);
  CHECK(second.empty());
  first.take_all(second);
  CHECK(take(first) == std::vector<Flushable*>{&a, &b, &c});
}

TEST_CASE("flush list: a list that goes lets its items go", "[flush_list]") {
  Item a;
  {
    FlushList list;
    list.add(a);
  }
  FlushList other;
  other.add(a);
  CHECK(take(other) == std::vector<Flushable*>{&a});
}
