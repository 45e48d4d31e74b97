import NIOSSL

/// What both ends of a connection hold TLS to.
///
/// TLS 1.3 where both speak it, else 1.2 with forward secrecy and authenticated encryption; nothing older, nothing
/// weaker, no renegotiation. The suites of TLS 1.3 are all sound and not chosen from.
public enum SecureTransport {
  /// The suites of TLS 1.2 that are taken, the cheapest first.
  static let suites: [NIOTLSCipher] = [
    .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
  ]

  /// Makes a configuration hold to it.
  public static func harden(_ tls: inout TLSConfiguration) {
    tls.minimumTLSVersion = .tlsv12
    tls.maximumTLSVersion = .tlsv13
    tls.cipherSuiteValues = suites
    tls.renegotiationSupport = .none
  }
}
