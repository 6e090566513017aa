// SPDX-License-Identifier: MIT
// What the steps of a line's life cost by themselves: masking, UTF-8, framing both ways, and the
// search for delimiters. Run by `./dev bench micro`; arguments are Google Benchmark's.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/line_framer.h"
#include "protocol/connection.h"
#include "protocol/masking.h"
#include "protocol/utf8.h"
#include "support/fixed_random.h"

namespace {

using ws::protocol::Connection;
using ws::protocol::Role;

// As much as a loop reads at once.
constexpr std::size_t kRead = std::size_t{64} << 10U;

std::string text_of(std::size_t size) {
  return std::string(size, 'x');
}

std::span<std::byte> bytes_of(std::string& text) {
  return std::as_writable_bytes(std::span(text));
}

// So many lines of `size` bytes as one read holds, with what `wrap` makes of each.
template <typename Wrap>
std::string batch_of(std::size_t size, Wrap wrap) {
  std::string batch;
  do {
    batch += wrap(text_of(size));
  } while (batch.size() + size < kRead);
  return batch;
}

void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
}

void count_lines(benchmark::State& state, std::size_t lines) {
  state.SetItemsProcessed(static_cast<std::int64_t>(lines) * state.iterations());
}

void mask(benchmark::State& state) {
  std::string text = text_of(static_cast<std::size_t>(state.range(0)));
  const ws::protocol::MaskKey key{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21},
                                  std::byte{0x3d}};
  for ([[maybe_unused]] auto _ : state) {
    ws::protocol::mask_in_place(bytes_of(text), key);
    benchmark::ClobberMemory();
  }
  count_bytes(state, text.size());
}

void utf8_of_ascii(benchmark::State& state) {
  const std::string text = text_of(static_cast<std::size_t>(state.range(0)));
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(ws::protocol::is_valid_utf8(std::string_view(text)));
  }
  count_bytes(state, text.size());
}

void utf8_of_every_length(benchmark::State& state) {
  std::string text;
  while (text.size() < static_cast<std::size_t>(state.range(0))) {
    text += "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x99\x82";  // one, two, three and four bytes
  }
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(ws::protocol::is_valid_utf8(std::string_view(text)));
  }
  count_bytes(state, text.size());
}

// Text checked, framed and masked: what a line costs on its way up behind the framer.
void send_messages(benchmark::State& state) {
  const std::string line = text_of(static_cast<std::size_t>(state.range(0)));
  support::CountingRandom random;
  ws::ByteQueue output;
  Connection connection({}, random, output, {});
  const std::size_t count = std::max<std::size_t>(1, kRead / line.size());
  const std::vector<std::string_view> lines(count, line);
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(connection.send_batch(
        ws::MessageType::kText, lines, Connection::Compress::kNever, std::size_t{1} << 30));
    output.consume(output.size());
  }
  count_lines(state, count);
}

class CountingEvents : public ws::protocol::ConnectionEvents {
 public:
  void on_message(ws::MessageType /*type*/, std::string_view data) override {
    benchmark::DoNotOptimize(data.data());
    ++count_;
  }

  void on_pong(std::string_view /*payload*/) override {}

  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  std::size_t count_ = 0;
};

// A server's frames in one read.
void receive_messages(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  support::CountingRandom random;
  ws::ByteQueue frames;
  Connection server({.role = Role::kServer}, random, frames, {});
  (void)server.send(ws::MessageType::kText, text_of(size));
  std::string frame;
  for (; !frames.empty(); frames.consume(frames.front().size())) {
    frame.append(reinterpret_cast<const char*>(frames.front().data()), frames.front().size());
  }
  std::string batch = batch_of(size, [&frame](const std::string& /*line*/) { return frame; });
  ws::ByteQueue output;
  Connection client({}, random, output, {});
  CountingEvents events;
  for ([[maybe_unused]] auto _ : state) {
    client.receive(bytes_of(batch), {}, events);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(events.count()));
}

class CountingSink : public wsbridged::LineSink {
 public:
  std::size_t on_lines(std::span<const std::string_view> lines) override {
    benchmark::DoNotOptimize(lines.data());
    count_ += lines.size();
    return lines.size();
  }

  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  std::size_t count_ = 0;
};

void find_delimiters(benchmark::State& state, const std::string& delimiter) {
  wsbridged::config::Framing framing;
  framing.delimiter = delimiter;
  wsbridged::LineFramer framer(framing);
  const std::string batch = batch_of(static_cast<std::size_t>(state.range(0)),
                                     [&](const std::string& line) { return line + delimiter; });
  CountingSink sink;
  for ([[maybe_unused]] auto _ : state) {
    framer.receive(std::as_bytes(std::span(batch)), sink);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(sink.count()));
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  for (const int size : {16, 64, 256, 1024, 16384, 65536}) {
    benchmark->Arg(size);
  }
}

BENCHMARK(mask)->Apply(sizes);
BENCHMARK(utf8_of_ascii)->Apply(sizes);
BENCHMARK(utf8_of_every_length)->Apply(sizes);
BENCHMARK(send_messages)->Apply(sizes);
BENCHMARK(receive_messages)->Apply(sizes);
BENCHMARK_CAPTURE(find_delimiters, newline, "\n")->Apply(sizes);
BENCHMARK_CAPTURE(find_delimiters, four_bytes, "\r\n\r\n")->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
