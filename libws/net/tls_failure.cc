// SPDX-License-Identifier: MIT
#include "net/tls_failure.h"

#include <arpa/inet.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <system_error>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/tls_session.h"

namespace ws::net {

namespace {

constexpr std::size_t kMaxPeerText = 200;
// Content types of records (RFC 8446 section 5.1): change_cipher_spec to heartbeat.
constexpr int kFirstContentType = 20;
constexpr int kLastContentType = 24;

std::string date(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    return "an unreadable date";
  }
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return {text.data(), size};
}

std::string name_entry(const X509_NAME* name, int nid) {
  const int index = X509_NAME_get_index_by_NID(name, nid, -1);
  if (index < 0) {
    return {};
  }
  const ASN1_STRING* data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(data)),
          static_cast<std::size_t>(ASN1_STRING_length(data))};
}

// What people call an authority or a server: its common name, else its organisation.
std::string display_name(const X509_NAME* name) {
  std::string text = name_entry(name, NID_commonName);
  if (text.empty()) {
    text = name_entry(name, NID_organizationName);
  }
  return text.empty() ? "without a name" : quoted_peer_text(text);
}

std::string address_text(const ASN1_OCTET_STRING* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
  const bool is_valid = family == AF_INET || ASN1_STRING_length(bytes) == 16;
  if (!is_valid ||
      inet_ntop(family, ASN1_STRING_get0_data(bytes), text.data(), text.size()) == nullptr) {
    return "?";
  }
  return text.data();
}

std::string name_text(const GENERAL_NAME* name) {
  if (name->type == GEN_DNS) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
            static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))};
  }
  return name->type == GEN_IPADD ? address_text(name->d.iPAddress) : std::string();
}

std::string list_names(const X509* certificate) {
  const GeneralNamesHandle names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string list;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const std::string name = name_text(sk_GENERAL_NAME_value(names.get(), i));
    if (!name.empty()) {
      list += (list.empty() ? "" : ", ") + name;
    }
  }
  return list.empty() ? display_name(X509_get_subject_name(certificate)) : quoted_peer_text(list);
}

// "certificate of chat.example.com", or the authority's further up the chain.
std::string subject(const X509* certificate, int depth, const std::string& host) {
  if (depth == 0) {
    return "certificate of " + host;
  }
  return "certificate of the authority " + display_name(X509_get_subject_name(certificate)) +
         ", which " + host + " relies on,";
}

bool is_unknown_authority(int reason) {
  return reason == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
         reason == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
         reason == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
         reason == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
         reason == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN || reason == X509_V_ERR_CERT_UNTRUSTED;
}

std::string version_name(long version) {
  return version == TLS1_3_VERSION ? "1.3" : "1.2";
}

std::string reason_text(const TlsSession& session, unsigned long error) {
  switch (ERR_GET_REASON(error)) {
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
      return "the server supports no TLS version that is allowed here (" +
             version_name(SSL_get_min_proto_version(session.ssl())) + " or newer)";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      return "the server refused: no common cipher, or it wants a client certificate";
    case SSL_R_TLSV1_UNRECOGNIZED_NAME:
      return "the server does not know this name";
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
      return "the server does not speak HTTP/1.1 here (ALPN)";
    default:
      break;
  }
  return reason_of(error);
}

std::string failure_text(const TlsSession& session, int ssl_error, unsigned long error) {
  const TlsSocket& socket = session.socket();
  const bool is_tls = socket.first_byte < 0 || (socket.first_byte >= kFirstContentType &&
                                                socket.first_byte <= kLastContentType);
  if (!is_tls) {
    return "the server did not speak TLS (is it a plain HTTP port?)";
  }
  const bool is_network = ssl_error == SSL_ERROR_SYSCALL || ssl_error == SSL_ERROR_ZERO_RETURN;
  if (socket.read_errno != 0 || (socket.has_eof && socket.write_errno != 0)) {
    const int reason = socket.read_errno != 0 ? socket.read_errno : socket.write_errno;
    return std::system_category().message(reason);
  }
  if (socket.has_eof || is_network) {
    return "the server closed the connection";
  }
  return reason_text(session, error);
}

}  // namespace

const char* reason_of(unsigned long error) {
  switch (ERR_GET_REASON(error)) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return "the server wants a client certificate: set tls.cert_file";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return "the server refuses the client certificate of tls.cert_file";
    default:
      break;
  }
  const char* const text = ERR_reason_error_string(error);
  return text != nullptr ? text : "unknown error";
}

std::string quoted_peer_text(std::string_view text) {
  const bool is_cut = text.size() > kMaxPeerText;
  std::string result(is_cut ? text.substr(0, kMaxPeerText - 3) : text);
  for (char& c : result) {
    c = c >= ' ' && c <= '~' ? c : '?';
  }
  return is_cut ? result + "..." : result;
}

std::string names_of(const X509* certificate) {
  return list_names(certificate);
}

std::string describe_rejection(X509_STORE_CTX& store, const std::string& host) {
  const X509* certificate = X509_STORE_CTX_get_current_cert(&store);
  const int reason = X509_STORE_CTX_get_error(&store);
  const int depth = X509_STORE_CTX_get_error_depth(&store);
  if (certificate == nullptr) {
    return "certificate of " + host + ": " + X509_verify_cert_error_string(reason);
  }
  const std::string who = subject(certificate, depth, host);
  if (is_unknown_authority(reason)) {
    return "certificate of " + host + " is signed by an unknown authority (" +
           display_name(X509_get_issuer_name(certificate)) + "); set tls.ca_file";
  }
  switch (reason) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return who + " expired on " + date(X509_get0_notAfter(certificate));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return who + " is not valid before " + date(X509_get0_notBefore(certificate)) +
             " (is the clock right?)";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "certificate is for " + list_names(certificate) + ", not for " + host;
    default:
      return who + " was refused: " + X509_verify_cert_error_string(reason);
  }
}

Error handshake_failure(const TlsSession& session, int ssl_error) {
  const unsigned long error = ERR_peek_error();
  Error failure{.phase = Phase::kTls, .code = ErrorCode::kTlsFailed, .message = {}};
  if (!session.rejection().empty()) {
    failure.code = ErrorCode::kCertificateRejected;
    failure.message = session.rejection();
  } else {
    failure.message =
        "TLS with " + session.server_name() + ": " + failure_text(session, ssl_error, error);
    failure.system_errno = session.socket().read_errno;
  }
  ERR_clear_error();
  return failure;
}

}  // namespace ws::net
