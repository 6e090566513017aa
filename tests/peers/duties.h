// SPDX-License-Identifier: MIT
// What the conformance servers do: they echo every message with its own type, and a text message
// that begins with "do " makes them send. The steps behind it, in order:
//   text=SIZE            a text message
//   flood=COUNT          so many text messages of 100 bytes
//   fragments=COUNT,SIZE a text message in so many frames of that size, and between them pings with
//                        the payloads ping-0, ping-1, …
//   pings=COUNT          pings with these payloads
//   pongs                a text message with the payloads of the pongs that came since the last
//                        one, separated by commas
//   close=CODE           a Close with this code and the reason "bye"
// They choose the subprotocol chat.v1 when it is offered. tests/e2e/kit/duties.py says the same in
// Python.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peers {

inline constexpr std::string_view kCommand = "do ";
inline constexpr const char* kSubprotocol = "chat.v1";
inline constexpr const char* kFarewell = "bye";

// abc…zabc…
inline std::string letters(std::size_t size) {
  std::string text(size, 'a');
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>('a' + i % 26);
  }
  return text;
}

// One frame to send.
struct Outgoing {
  enum class Kind : std::uint8_t { kText, kBinary, kFirst, kMiddle, kLast, kPing, kClose };
  Kind kind = Kind::kText;
  std::string payload{};
  std::uint16_t code = 0;  // of a Close
};

inline std::string ping_payload(std::size_t number) {
  return "ping-" + std::to_string(number);
}

inline void plan_fragments(std::size_t count, std::size_t size, std::vector<Outgoing>& plan) {
  using Kind = Outgoing::Kind;
  const std::string text = letters(count * size);
  for (std::size_t i = 0; i < count; ++i) {
    const Kind kind = i == 0 ? Kind::kFirst : i + 1 == count ? Kind::kLast : Kind::kMiddle;
    plan.push_back({kind, text.substr(i * size, size)});
    if (i + 1 < count) {
      plan.push_back({Kind::kPing, ping_payload(i)});
    }
  }
}

inline void plan_step(const std::string& step, std::vector<std::string>& pongs,
                      std::vector<Outgoing>& plan) {
  using Kind = Outgoing::Kind;
  const std::size_t equals = step.find('=');
  const std::string name = step.substr(0, equals);
  char* end = nullptr;
  const std::string values = equals == std::string::npos ? "" : step.substr(equals + 1);
  const std::size_t value = std::strtoull(values.c_str(), &end, 10);
  if (name == "text") {
    plan.push_back({Kind::kText, letters(value)});
  } else if (name == "flood") {
    plan.insert(plan.end(), value, {Kind::kText, letters(100)});
  } else if (name == "fragments") {
    plan_fragments(value, std::strtoull(end + 1, nullptr, 10), plan);
  } else if (name == "pings") {
    for (std::size_t i = 0; i < value; ++i) {
      plan.push_back({Kind::kPing, ping_payload(i)});
    }
  } else if (name == "pongs") {
    std::string list;
    for (const std::string& pong : std::exchange(pongs, {})) {
      list += (list.empty() ? "" : ",") + pong;
    }
    plan.push_back({Kind::kText, list});
  } else {
    plan.push_back({Kind::kClose, kFarewell, static_cast<std::uint16_t>(value)});
  }
}

// What a server sends for a message.
inline std::vector<Outgoing> plan_answer(Outgoing::Kind kind, std::string message,
                                         std::vector<std::string>& pongs) {
  std::vector<Outgoing> plan;
  if (kind == Outgoing::Kind::kBinary || !message.starts_with(kCommand)) {
    plan.push_back({kind, std::move(message)});
    return plan;
  }
  std::istringstream steps(message.substr(kCommand.size()));
  for (std::string step; steps >> step;) {
    plan_step(step, pongs, plan);
  }
  return plan;
}

}  // namespace peers
