// SPDX-License-Identifier: MIT
// message_type times invalid_utf8, on lines that are text and that are not.
#include "daemon/line_message.h"

#include "unit/daemon/framing_harness.h"

namespace wsbridged {
namespace {

using config::InvalidUtf8;
using config::MessageKind;
using reference::Message;

struct Case {
  MessageKind message_type;
  InvalidUtf8 invalid_utf8;
  std::vector<Message> messages;  // of a line that is not UTF-8; none: refused
};

}  // namespace

TEST_CASE("line message: message_type and invalid_utf8 decide what a line becomes",
          "[line_message]") {
  const std::string bad = "a\xff";
  const std::vector<Message> binary = {{true, bad}};
  const std::vector<Message> replaced = {{false, "a\uFFFD"}};
  const Case cases[] = {{MessageKind::kText, InvalidUtf8::kClose, {}},
                        {MessageKind::kText, InvalidUtf8::kReplace, replaced},
                        {MessageKind::kText, InvalidUtf8::kBinary, binary},
                        {MessageKind::kAuto, InvalidUtf8::kClose, binary},
                        {MessageKind::kAuto, InvalidUtf8::kReplace, binary},
                        {MessageKind::kAuto, InvalidUtf8::kBinary, binary},
                        {MessageKind::kBinary, InvalidUtf8::kClose, binary},
                        {MessageKind::kBinary, InvalidUtf8::kReplace, binary},
                        {MessageKind::kBinary, InvalidUtf8::kBinary, binary}};
  for (const Case& each : cases) {
    config::Framing framing;
    framing.message_type = each.message_type;
    framing.invalid_utf8 = each.invalid_utf8;
    testing::RecordingUpstream upstream;
    const SentLine sent = send_line(framing, bad, upstream);
    CHECK(upstream.messages == each.messages);
    CHECK((sent.result == ws::SendResult::kInvalidUtf8) == each.messages.empty());
    CHECK(sent.is_altered == (each.messages == replaced));
    upstream.messages.clear();
    const SentLine fine = send_line(framing, "caf\u00e9", upstream);
    CHECK(fine.result == ws::SendResult::kSent);
    CHECK_FALSE(fine.is_altered);
    CHECK(upstream.messages ==
          std::vector<Message>{{each.message_type == MessageKind::kBinary, "caf\u00e9"}});
  }
}

}  // namespace wsbridged
