// SPDX-License-Identifier: MIT
#include "websocket_callback.h"

#include <functional>
#include <memory>
#include <string>

#include "support/catch.h"

namespace ws {
namespace {

using Function = std::function<void(std::string&)>;
using Pin = PinnedCallback<void(std::string&)>;

// As WebSocket does it.
std::string call(Pin& pin, Function& slot) {
  std::string log;
  if (const Function* function = pin.pin(slot)) {
    (*function)(log);
    pin.release_replaced(slot);
  }
  return log;
}

Function writer(const std::string& text) {
  return [text](std::string& log) { log += text; };
}

}  // namespace

TEST_CASE("pinned callback: an empty slot is not called") {
  Pin pin;
  Function slot;
  CHECK(pin.pin(slot) == nullptr);
}

TEST_CASE("pinned callback: calls keep the function in its slot, and its state") {
  Pin pin;
  Function slot = [count = 0](std::string& log) mutable { log += std::to_string(++count); };
  CHECK(call(pin, slot) == "1");
  CHECK(call(pin, slot) == "2");
  std::string log;
  slot(log);  // by its owner
  CHECK(log == "3");
}

TEST_CASE("pinned callback: a function that replaces itself survives its call") {
  Pin pin;
  Function slot;
  slot = [&slot, text = std::string("a text too long for a small buffer")](std::string& log) {
    slot = writer("new");
    log += text;
  };
  CHECK(call(pin, slot) == "a text too long for a small buffer");
  CHECK(call(pin, slot) == "new");
}

TEST_CASE("pinned callback: a function that clears its slot stays away and is destroyed") {
  Pin pin;
  auto owned = std::make_shared<int>(7);
  const std::weak_ptr<int> watch = owned;
  Function slot;
  slot = [&slot, owned](std::string& log) {
    slot = nullptr;
    log += std::to_string(*owned);
  };
  owned.reset();
  CHECK(call(pin, slot) == "7");
  CHECK(watch.expired());
  CHECK(pin.pin(slot) == nullptr);
}

TEST_CASE("pinned callback: a function can wrap itself while it runs") {
  Pin pin;
  Function slot;
  slot = [&slot](std::string& log) {
    log += "inner";
    if (log == "inner") {
      slot = [previous = slot](std::string& text) {
        text += "outer ";
        previous(text);
      };
    }
  };
  CHECK(call(pin, slot) == "inner");
  CHECK(call(pin, slot) == "outer inner");
}

TEST_CASE("pinned callback: a function put back from a copy is the same one") {
  Pin pin;
  Function slot = writer("first");
  CHECK(call(pin, slot) == "first");
  const Function copy = slot;
  slot = writer("second");
  CHECK(call(pin, slot) == "second");
  slot = copy;
  CHECK(call(pin, slot) == "first");
}

TEST_CASE("pinned callback: a function that throws stays in its slot") {
  Pin pin;
  Function slot = [](std::string& log) {
    log += "thrown";
    throw 1;
  };
  CHECK_THROWS_AS(call(pin, slot), int);
  CHECK_THROWS_AS(call(pin, slot), int);
}

}  // namespace ws
