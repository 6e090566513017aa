// SPDX-License-Identifier: MIT
// Two threads: one reads and may hang, the other, the loop's, answers and never waits.
#include "daemon/reload_reader.h"

#include <chrono>
#include <future>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.h"

namespace wsbridged {
namespace {

config::Bridge bridge_named(const std::string& name) {
  config::Bridge bridge;
  bridge.name = name;
  bridge.upstream.url = "ws://h/";
  return bridge;
}

// A configuration of bridges by these names, whose misfits become its errors.
ConfigLoader loader_of(std::vector<std::string> names) {
  return [names = std::move(names)](const config::BridgeCheck& check) {
    config::Loaded loaded;
    for (const std::string& name : names) {
      loaded.config.bridges.push_back(bridge_named(name));
      for (const config::Misfit& misfit : check(loaded.config.bridges.back())) {
        loaded.errors.push_back({.source = name, .message = misfit.message});
      }
    }
    return loaded;
  };
}

struct Reload {
  ReloadReader::Hooks hooks(ConfigLoader load) {
    return {.load = std::move(load),
            .check = [](const config::Bridge&) { return std::vector<config::Misfit>(); },
            .gather =
                [](const config::Bridge& bridge) {
                  return gather_parts(bridge, {.tls_contexts = std::make_shared<TlsContexts>()});
                },
            .add =
                [this](const config::Bridge& bridge, const BridgeParts& parts) {
                  added.push_back(bridge.name);
                  is_on_loop &= std::this_thread::get_id() == self;
                  CHECK(parts.bridge);
                  return misfits;
                },
            .on_done =
                [this](config::Loaded all) {
                  is_on_loop &= std::this_thread::get_id() == self;
                  loaded = std::move(all);
                  loop.stop();
                }};
  }

  // Until it is done, or nothing comes for too long.
  void run() {
    ws::Timer guard(loop, [this] { loop.stop(); });
    guard.start(std::chrono::milliseconds(60'000));
    loop.run();
  }

  ws::EventLoop loop;
  std::thread::id self = std::this_thread::get_id();
  std::vector<config::Misfit> misfits;
  std::vector<std::string> added;
  std::optional<config::Loaded> loaded;
  bool is_on_loop = true;
};

TEST_CASE("reload_reader: each bridge is added on the loop, in order, and then it is done") {
  Reload reload;
  const ReloadReader reader(reload.loop, reload.hooks(loader_of({"a", "b", "c"})));
  reload.run();
  CHECK(reload.added == std::vector<std::string>{"a", "b", "c"});
  REQUIRE(reload.loaded);
  CHECK(reload.loaded->errors.empty());
  CHECK(reload.loaded->config.bridges.size() == 3);
  CHECK(reload.is_on_loop);
}

TEST_CASE("reload_reader: what is thrown is an error of the new configuration", "[reload]") {
  Reload reload;
  ReloadReader reader(reload.loop, reload.hooks([](const config::BridgeCheck&) -> config::Loaded {
    throw std::bad_alloc();
  }));
  reload.run();
  REQUIRE(reload.loaded);
  REQUIRE(reload.loaded->errors.size() == 1);
  CHECK_THAT(reload.loaded->errors.front().message, StartsWith("not finished: "));
}

TEST_CASE("reload_reader: it may be destroyed when it is done") {
  Reload reload;
  auto hooks = reload.hooks(loader_of({"a"}));
  std::unique_ptr<ReloadReader> reader;
  hooks.on_done = [&](const config::Loaded& loaded) {
    CHECK(loaded.config.bridges.size() == 1);
    reader.reset();
    reload.loop.stop();
  };
  reader = std::make_unique<ReloadReader>(reload.loop, std::move(hooks));
  reload.run();
  CHECK(reader == nullptr);
}

TEST_CASE("reload_reader: what both find is told once, in the words of the first") {
  Reload reload;
  reload.misfits = {{.keys = {"upstream"}, .message = "second"},
                    {.keys = {"listen"}, .listener = 1, .message = "third"}};
  auto hooks = reload.hooks(loader_of({"a"}));
  hooks.check = [](const config::Bridge&) {
    return std::vector<config::Misfit>{{.keys = {"upstream", "url"}, .message = "first"},
                                       {.keys = {"listen"}, .listener = 0, .message = "other"}};
  };
  const ReloadReader reader(reload.loop, std::move(hooks));
  reload.run();
  REQUIRE(reload.loaded);
  std::vector<std::string> messages;
  for (const config::Problem& error : reload.loaded->errors) {
    messages.push_back(error.message);
  }
  CHECK(messages == std::vector<std::string>{"first", "other", "third"});
}

TEST_CASE("reload_reader: one that hangs is given up at once, and left when it goes on hanging") {
  std::promise<void> answered;
  auto reached = std::make_shared<std::promise<void>>();
  auto over = std::make_shared<std::promise<void>>();
  {
    Reload reload;
    auto hooks = reload.hooks(
        [answer = answered.get_future().share(), reached, over](const config::BridgeCheck& check) {
          reached->set_value();
          answer.wait();  // a file that does not answer
          CHECK(check(bridge_named("a")).empty());
          over->set_value();
          return config::Loaded();
        });
    hooks.check = [](const config::Bridge&) { return std::vector<config::Misfit>(); };
    ReloadReader reader(reload.loop, std::move(hooks));
    reached->get_future().wait();
    const auto began = std::chrono::steady_clock::now();
    reader.give_up();
    CHECK(std::chrono::steady_clock::now() - began < kReaderPatience);
  }
  // The loop is gone: what the thread finds out now is nobody's business.
  answered.set_value();
  over->get_future().wait();
}

TEST_CASE("reload_reader: one that waits for the loop's answer ends with it") {
  Reload reload;
  auto asked = std::make_shared<std::promise<void>>();
  auto hooks = reload.hooks(loader_of({"a", "b"}));
  hooks.gather = [asked, gather = hooks.gather](const config::Bridge& bridge) {
    if (bridge.name == "a") {
      asked->set_value();
    }
    return gather(bridge);
  };
  const auto began = std::chrono::steady_clock::now();
  {
    const ReloadReader reader(reload.loop, std::move(hooks));
    asked->get_future().wait();
  }
  CHECK(std::chrono::steady_clock::now() - began < 10 * kReaderPatience);
  CHECK(reload.added.empty());
  CHECK_FALSE(reload.loaded);
}

}  // namespace
}  // namespace wsbridged
