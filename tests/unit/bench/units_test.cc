// SPDX-License-Identifier: MIT
// The load of the benchmark counts what it says: a wrong count would be a wrong number.
#include "load/units.h"

#include "support/catch.h"
#include "support/for_each_chunking.h"

namespace bench {
namespace {

struct Counted {
  std::uint64_t units = 0;
  bool is_wrong = false;
  std::vector<ControlFrame> controls;
};

Counted read(UnitReader& reader, const support::Chunks& chunks, Checking checking) {
  Counted counted;
  for (const std::string_view chunk : chunks) {
    std::span<const char> rest(chunk);
    while (!rest.empty() && !counted.is_wrong) {
      const UnitReader::Outcome outcome = reader.receive(rest, checking);
      counted.units += outcome.unit_count;
      counted.is_wrong = outcome.is_wrong;
      if (reader.has_control()) {
        counted.controls.push_back(reader.take_control());
      }
    }
  }
  return counted;
}

std::string units_of(Format format, std::size_t size, int count) {
  const UnitStock stock(format, size);
  std::string units;
  for (int i = 0; i < count; ++i) {
    units += stock.from(0, stock.unit_size());
  }
  return units;
}

}  // namespace

TEST_CASE("units: what a side sends, the other one counts, however it is cut", "[bench]") {
  const Format format = GENERATE(Format::kLines, Format::kClientFrames, Format::kServerFrames);
  const Checking checking = GENERATE(Checking::kContents, Checking::kCount);
  const std::size_t size = GENERATE(1U, 64U, 125U, 126U, 300U);
  const std::string line = line_of(size);
  support::for_each_chunking(units_of(format, size, 3), [&](const support::Chunks& chunks) {
    UnitReader reader(format, line);
    const Counted counted = read(reader, chunks, checking);
    CHECK(counted.units == 3);
    CHECK_FALSE(counted.is_wrong);
  });
}

TEST_CASE("units: a frame of 64 KiB has the long length (RFC 6455 5.2)", "[bench]") {
  const std::string line = line_of(65'536);
  const std::string frame = frame_of(Format::kServerFrames, 0x1, line);
  CHECK(frame.substr(0, 10) == std::string("\x81\x7f\0\0\0\0\0\x01\0\0", 10));
  UnitReader reader(Format::kServerFrames, line);
  CHECK(read(reader, {frame, frame}, Checking::kContents).units == 2);
}

TEST_CASE("units: a client's frame is masked (RFC 6455 5.7)", "[bench]") {
  CHECK(frame_of(Format::kClientFrames, 0x1, "Hello") ==
        "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
}

TEST_CASE("units: control frames between lines are told and not counted", "[bench]") {
  const std::string line = line_of(64);
  const std::string unit = frame_of(Format::kClientFrames, 0x1, line);
  const std::string bytes = unit + frame_of(Format::kClientFrames, kPing, "Hello") + unit +
                            frame_of(Format::kClientFrames, kClose, "\x03\xe8");
  support::for_each_chunking(bytes, [&](const support::Chunks& chunks) {
    UnitReader reader(Format::kClientFrames, line);
    const Counted counted = read(reader, chunks, Checking::kCount);
    CHECK(counted.units == 2);
    REQUIRE(counted.controls.size() == 2);
    CHECK(counted.controls[0].payload == "Hello");
    CHECK(counted.controls[1].opcode == kClose);
  });
}

TEST_CASE("units: what differs is wrong", "[bench]") {
  const std::string line = line_of(64);
  const auto is_wrong = [&](Format format, const std::string& bytes) {
    UnitReader reader(format, line);
    return read(reader, {bytes}, Checking::kContents).is_wrong;
  };
  std::string altered = units_of(Format::kLines, 64, 2);
  altered[100] = '!';
  CHECK(is_wrong(Format::kLines, altered));
  CHECK(is_wrong(Format::kServerFrames, frame_of(Format::kServerFrames, 0x1, line_of(63))));
  CHECK(is_wrong(Format::kServerFrames, frame_of(Format::kServerFrames, 0x2, line)));
  CHECK(is_wrong(Format::kServerFrames, frame_of(Format::kClientFrames, 0x1, line)));
  CHECK(is_wrong(Format::kClientFrames, frame_of(Format::kServerFrames, 0x1, line)));
}

TEST_CASE("units: newlines in messages of their own are taken only when they are allowed",
          "[bench]") {
  const std::string line = line_of(64);
  const std::string bytes = frame_of(Format::kClientFrames, 0x1, line) +
                            frame_of(Format::kClientFrames, 0x1, "\n") +
                            frame_of(Format::kClientFrames, 0x1, line + '\n');
  UnitReader strict(Format::kClientFrames, line);
  CHECK(read(strict, {bytes}, Checking::kContents).is_wrong);
  UnitReader lenient(Format::kClientFrames, line, Newlines::kAllowed);
  const Counted counted = read(lenient, {bytes}, Checking::kContents);
  CHECK(counted.units == 2);
  CHECK_FALSE(counted.is_wrong);
}

TEST_CASE("units: skipped bytes of lines are counted where they end", "[bench]") {
  const std::string line = line_of(9);
  UnitReader reader(Format::kLines, line);
  CHECK(reader.skip(9) == 0);
  CHECK(reader.skip(1) == 1);
  CHECK(reader.skip(25) == 2);
  std::span<const char> rest(std::string_view("5678\n"));
  CHECK(reader.receive(rest, Checking::kContents).unit_count == 1);
}

TEST_CASE("units: an endless row of them can be read from anywhere", "[bench]") {
  const UnitStock stock(Format::kLines, 6);
  CHECK(stock.from(0, 7) == "012345\n");
  CHECK(stock.from(700'000'003, 7) == std::string(stock.from(700'000'003 % 7, 7)));
  CHECK(stock.from(123'456'789, std::size_t{128} << 10U).size() == std::size_t{128} << 10U);
}

}  // namespace bench
