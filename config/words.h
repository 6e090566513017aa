// SPDX-License-Identifier: MIT
// The words of the configuration's enumerations, for reading and for printing.
#pragma once

#include <string_view>

#include "config/config.h"

namespace wsbridged::config {

template <class Enum>
struct Word {
  std::string_view text;
  Enum value;
};

inline constexpr Word<LogLevel> kLogLevels[] = {{"debug", LogLevel::kDebug},
                                                {"info", LogLevel::kInfo},
                                                {"warn", LogLevel::kWarn},
                                                {"error", LogLevel::kError}};
inline constexpr Word<LogFormat> kLogFormats[] = {{"auto", LogFormat::kAuto},
                                                  {"text", LogFormat::kText},
                                                  {"json", LogFormat::kJson},
                                                  {"journal", LogFormat::kJournal}};
inline constexpr Word<FramingMode> kFramingModes[] = {
    {"line", FramingMode::kLine},
    {"length-prefixed", FramingMode::kLengthPrefixed},
    {"raw", FramingMode::kRaw}};
inline constexpr Word<MessageKind> kMessageKinds[] = {
    {"text", MessageKind::kText}, {"binary", MessageKind::kBinary}, {"auto", MessageKind::kAuto}};
inline constexpr Word<Encoding> kEncodings[] = {{"utf-8", Encoding::kUtf8},
                                                {"iso-8859-1", Encoding::kIso88591},
                                                {"windows-1252", Encoding::kWindows1252}};
inline constexpr Word<InvalidUtf8> kInvalidUtf8[] = {{"close", InvalidUtf8::kClose},
                                                     {"replace", InvalidUtf8::kReplace},
                                                     {"binary", InvalidUtf8::kBinary}};
inline constexpr Word<EmbeddedDelimiter> kEmbeddedDelimiters[] = {
    {"space", EmbeddedDelimiter::kSpace},
    {"escape", EmbeddedDelimiter::kEscape},
    {"split", EmbeddedDelimiter::kSplit},
    {"reject", EmbeddedDelimiter::kReject},
    {"keep", EmbeddedDelimiter::kKeep}};
inline constexpr Word<BinaryMessages> kBinaryMessages[] = {{"base64", BinaryMessages::kBase64},
                                                           {"hex", BinaryMessages::kHex},
                                                           {"raw", BinaryMessages::kRaw},
                                                           {"reject", BinaryMessages::kReject}};
inline constexpr Word<FinalPartialLine> kFinalPartialLines[] = {{"send", FinalPartialLine::kSend},
                                                                {"drop", FinalPartialLine::kDrop}};
inline constexpr Word<SessionOpen> kSessionOpens[] = {{"connect", SessionOpen::kConnect},
                                                      {"first_byte", SessionOpen::kFirstByte}};
inline constexpr Word<OnLocalEof> kOnLocalEof[] = {{"drain", OnLocalEof::kDrain},
                                                   {"close", OnLocalEof::kClose}};
inline constexpr Word<OnUpstreamError> kOnUpstreamError[] = {{"reset", OnUpstreamError::kReset},
                                                             {"close", OnUpstreamError::kClose}};

template <class Enum, std::size_t N>
[[nodiscard]] std::string_view word_of(const Word<Enum> (&words)[N], Enum value) {
  for (const Word<Enum>& word : words) {
    if (word.value == value) {
      return word.text;
    }
  }
  return {};
}

}  // namespace wsbridged::config
