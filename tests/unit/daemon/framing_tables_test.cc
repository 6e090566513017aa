// SPDX-License-Identifier: MIT
// The tables of docs/framing.md are true: each row is run as it stands there, through the loader of
// the configuration, LineFramer and LineWriter, and every value of every key has a row.
#include <fstream>
#include <regex>
#include <sstream>

#include "config/loader.h"
#include "config/words.h"
#include "daemon/bridge_check.h"
#include "unit/daemon/framing_harness.h"

namespace wsbridged {
namespace {

using reference::Message;

struct Row {
  bool is_up = false;
  std::string framing;  // as in the file: "mode: raw, …"
  std::string in;
  std::string out;
};

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream rest(line.substr(1));
  for (std::string cell; std::getline(rest, cell, '|');) {
    cells.push_back(cell);
  }
  return cells;
}

// Of the tables that have these heads; others are about something else.
std::vector<Row> rows() {
  std::ifstream file(WSBRIDGED_DOCS_DIR "/framing.md");
  std::vector<Row> rows;
  bool is_up = false;
  bool is_table = false;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with('|')) {
      is_table = false;
    } else if (line == "| framing | bytes in | messages out |" ||
               line == "| framing | messages in | bytes out |") {
      is_table = true;
      is_up = line.ends_with("messages out |");
    } else if (is_table && !line.starts_with("|---")) {
      const auto cells = cells_of(line);
      INFO(line);
      REQUIRE(cells.size() == 3);
      rows.push_back({is_up, cells[0].substr(2, cells[0].size() - 4), cells[1], cells[2]});
    }
  }
  return rows;
}

std::string unquoted(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char kind = text[i] == '\\' ? text.at(++i) : '\0';
    switch (kind) {
      case '\0':
        bytes += text[i];
        break;
      case 'n':
        bytes += '\n';
        break;
      case 'r':
        bytes += '\r';
        break;
      case '0':
        bytes += '\0';
        break;
      case 'x':
        bytes += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
        i += 2;
        break;
      default:
        REQUIRE(kind == '\\');
        bytes += kind;
    }
  }
  return bytes;
}

// Each `"…"` with the word before it.
std::vector<std::pair<std::string, std::string>> strings_in(const std::string& cell) {
  static const std::regex kString("(text|binary)? *`\"(.*?)\"`");
  std::vector<std::pair<std::string, std::string>> strings;
  for (std::sregex_iterator it(cell.begin(), cell.end(), kString), end; it != end; ++it) {
    strings.emplace_back((*it)[1], unquoted((*it)[2]));
  }
  return strings;
}

std::vector<Message> messages_in(const std::string& cell) {
  std::vector<Message> messages;
  for (const auto& [type, data] : strings_in(cell)) {
    REQUIRE_FALSE(type.empty());
    messages.push_back({type == "binary", data});
  }
  return messages;
}

// The number at such a place, or 0.
int number_in(const std::string& cell, const std::string& pattern) {
  std::smatch found;
  return std::regex_search(cell, found, std::regex(pattern)) ? std::stoi(found[1]) : 0;
}

// The loader takes it as `wsbridged check` does.
config::Framing load_framing(const std::string& keys) {
  const auto loaded = config::load_text(
      "bridges: [{name: a, listen: 127.0.0.1:1, upstream: {url: ws://h}, framing: {" + keys + "}}]",
      "row", [](const std::string&) { return std::nullopt; }, check_bridge);
  for (const config::Problem& problem : loaded.errors) {
    FAIL(to_string(problem));
  }
  return loaded.config.bridges.at(0).framing;
}

void check_up(const config::Framing& framing, const Row& row) {
  const reference::Sent expected{
      .messages = messages_in(row.out),
      .close_code = number_in(row.out, "close (\\d+)"),
      .altered_count = static_cast<std::size_t>(number_in(row.out, "(\\d+) altered")),
      .dropped_bytes = static_cast<std::size_t>(number_in(row.out, "(\\d+) bytes dropped"))};
  const auto reads = strings_in(row.in);
  REQUIRE_FALSE(reads.empty());
  support::Chunks chunks;
  for (const auto& read : reads) {
    chunks.push_back(read.second);
  }
  CHECK(testing::send_up(framing, chunks) == expected);
  if (framing.mode != config::FramingMode::kRaw) {
    REQUIRE(reads.size() == 1);
    support::for_each_chunking(reads[0].second, [&](const support::Chunks& parts) {
      CHECK(testing::send_up(framing, parts) == expected);
    });
  }
}

void check_down(const config::Framing& framing, const Row& row) {
  const reference::Read read = testing::write_down(framing, messages_in(row.in));
  const auto expected = strings_in(row.out);
  REQUIRE(expected.size() == 1);
  CHECK(read.bytes == expected[0].second);
  CHECK(read.close_code == number_in(row.out, "close (\\d+)"));
  CHECK(static_cast<int>(read.altered_count) == number_in(row.out, "(\\d+) altered"));
}

template <class Words>
void check_has_rows(const std::vector<Row>& rows, const std::string& key, const Words& words) {
  for (const auto& word : words) {
    const std::string setting = key + ": " + std::string(word.text);
    INFO("no row for " << setting);
    CHECK(std::any_of(rows.begin(), rows.end(), [&setting](const Row& row) {
      return (row.framing + ",").find(setting + ",") != std::string::npos;
    }));
  }
}

}  // namespace

TEST_CASE("framing tables: each row of the documentation is what happens", "[framing_tables]") {
  const std::vector<Row> all = rows();
  CHECK(all.size() > 70);
  for (const Row& row : all) {
    INFO(row.framing << " |" << row.in << "|" << row.out);
    const config::Framing framing = load_framing(row.framing);
    if (row.is_up) {
      check_up(framing, row);
    } else {
      check_down(framing, row);
    }
  }
}

TEST_CASE("framing tables: every value of every policy has a row", "[framing_tables]") {
  constexpr config::Word<bool> kBooleans[] = {{"true", true}, {"false", false}};
  const std::vector<Row> all = rows();
  check_has_rows(all, "mode", config::kFramingModes);
  check_has_rows(all, "keep_cr", kBooleans);
  check_has_rows(all, "message_type", config::kMessageKinds);
  check_has_rows(all, "encoding", config::kEncodings);
  check_has_rows(all, "invalid_utf8", config::kInvalidUtf8);
  check_has_rows(all, "embedded_delimiter", config::kEmbeddedDelimiters);
  check_has_rows(all, "binary_messages", config::kBinaryMessages);
  check_has_rows(all, "final_partial_line", config::kFinalPartialLines);
}

}  // namespace wsbridged
