// SPDX-License-Identifier: MIT
// permessage-deflate: hostile streams in any pieces and into any room mean the same and take no
// more memory than is said; what is deflated is inflated to the same.
#include "protocol/deflate.h"

#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/support/input.h"
#include "fuzz/support/pieces.h"
#include "fuzz/support/require.h"
#include "fuzz_targets.h"

namespace fuzz {
namespace {

using ws::protocol::Deflater;
using ws::protocol::DeflateSettings;
using ws::protocol::Fin;
using ws::protocol::Inflater;
using Outcome = Inflater::Outcome;

constexpr std::size_t kInflaterMemory = std::size_t{42} << 10;
constexpr std::size_t kMostOutput = std::size_t{1} << 20;  // then it is looked at no longer

struct Inflated {
  std::string text{};
  Outcome outcome = Outcome::kNeedInput;
  bool operator==(const Inflated&) const = default;
};

// One piece of a message; false: corrupt, or more than kMostOutput.
bool inflate_piece(Inflater& inflater, std::string_view piece, Fin fin, std::span<std::byte> out,
                   Inflated& inflated) {
  std::vector<std::byte> input = exact_copy(piece);
  std::span<const std::byte> rest(input);
  while (true) {
    const Inflater::Step step = inflater.inflate(rest, out, fin);
    require(step.consumed <= rest.size() && step.produced <= out.size(), "within its bounds");
    require(inflater.allocated() <= kInflaterMemory, "its memory is bounded");
    rest = rest.subspan(step.consumed);
    inflated.text += as_text(out.first(step.produced));
    inflated.outcome = step.outcome;
    if (step.outcome == Outcome::kOutFull && inflated.text.size() < kMostOutput) {
      require(step.produced == out.size(), "full is full");
      continue;
    }
    require(step.outcome != Outcome::kNeedInput || (rest.empty() && fin == Fin::kMore),
            "all input is consumed");
    require(step.outcome != Outcome::kEnd || (rest.empty() && fin == Fin::kFinal), "or it ends");
    return step.outcome == Outcome::kNeedInput || step.outcome == Outcome::kEnd;
  }
}

// Messages one after the other, with one context.
std::vector<Inflated> inflate(const std::vector<Pieces>& messages, std::size_t room) {
  Inflater inflater;
  std::vector<std::byte> out(room);
  std::vector<Inflated> all;
  for (const Pieces& pieces : messages) {
    Inflated& inflated = all.emplace_back();
    for (const std::string_view piece : pieces) {
      if (!inflate_piece(inflater, piece, Fin::kMore, out, inflated)) {
        return all;
      }
    }
    if (!inflate_piece(inflater, {}, Fin::kFinal, out, inflated)) {
      return all;
    }
  }
  return all;
}

// What is looked at no longer ends at different places.
void compare(std::vector<Inflated> a, std::vector<Inflated> b) {
  if (!a.empty() && !b.empty() && a.size() == b.size() && a.back().outcome == Outcome::kOutFull &&
      b.back().outcome == Outcome::kOutFull) {
    const std::size_t both = std::min(a.back().text.size(), b.back().text.size());
    a.back().text.resize(both);
    b.back().text.resize(both);
  }
  // Of a corrupt message what came before the fault depends on the room: it is not delivered.
  for (std::vector<Inflated>* each : {&a, &b}) {
    if (!each->empty() && each->back().outcome == Outcome::kCorrupt) {
      each->back().text.clear();
    }
  }
  require(a == b, "neither the pieces nor the room change anything");
}

void hostile(unsigned seed, Input& input) {
  std::vector<std::string_view> messages;
  while (!input.empty()) {
    messages.push_back(input.text());
  }
  std::vector<Pieces> whole;
  std::vector<Pieces> bytewise;
  std::vector<Pieces> cut;
  for (const std::string_view message : messages) {
    whole.push_back({message});
    bytewise.push_back(byte_by_byte(message));
    cut.push_back(cut_by(message, seed));
  }
  const auto expected = inflate(whole, 4096);
  compare(expected, inflate(bytewise, 16384));
  compare(expected, inflate(cut, 64 + seed));
}

std::string deflate_piece(Deflater& deflater, std::string_view piece, Fin fin, std::size_t room) {
  std::vector<std::byte> input = exact_copy(piece);
  std::span<const std::byte> rest(input);
  std::string deflated;
  while (true) {
    std::vector<std::byte> out(room);
    const Deflater::Step step = deflater.deflate(rest, out, fin);
    require(step.consumed <= rest.size() && step.produced <= out.size(), "within its bounds");
    rest = rest.subspan(step.consumed);
    deflated += as_text(std::span(out).first(step.produced));
    if (!step.is_full) {
      require(rest.empty(), "all input is consumed");
      return deflated;
    }
  }
}

void round_trip(unsigned seed, Input& input) {
  const DeflateSettings settings{.window_bits = static_cast<int>(9 + input.below(7)),
                                 .level = static_cast<int>(1 + input.below(9)),
                                 .memory_level = static_cast<int>(1 + input.below(9))};
  Deflater deflater(settings);
  Inflater inflater;
  const std::size_t room = 16 + input.byte() * 16U;
  std::vector<std::byte> inflated_room(room);
  while (!input.empty()) {
    std::string text(input.text());
    const std::size_t repeats = input.below(8) == 0 ? 40 : 1;
    for (std::size_t i = 1; i < repeats; ++i) {
      text.append(text, 0, std::min<std::size_t>(text.size(), 500));
    }
    std::string deflated;
    for (const std::string_view piece : cut_by(text, seed)) {
      deflated += deflate_piece(deflater, piece, Fin::kMore, room);
    }
    deflated += deflate_piece(deflater, {}, Fin::kFinal, room);
    if (deflated.empty()) {
      require(text.empty(), "only what is empty becomes nothing");  // it is sent as it is
      continue;
    }
    require(deflated.ends_with(std::string_view("\0\0\xff\xff", 4)), "a message ends in the tail");
    // docs: what a sending context takes.
    require(deflater.allocated() <= (std::size_t{1} << (settings.window_bits + 2)) +
                                        (std::size_t{1} << (settings.memory_level + 9)) +
                                        (std::size_t{6} << 10),
            "its memory is bounded");
    deflated.resize(deflated.size() - ws::protocol::kDeflateTail);
    Inflated inflated;
    require(inflate_piece(inflater, deflated, Fin::kFinal, inflated_room, inflated) &&
                inflated.text == text,
            "what is deflated is inflated to the same");
  }
}

}  // namespace

void deflate(std::string_view bytes) {
  Input input(bytes);
  const unsigned seed = input.byte();
  input.flag() ? round_trip(seed, input) : hostile(seed, input);
}

}  // namespace fuzz
