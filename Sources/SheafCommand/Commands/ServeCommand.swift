import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import SheafServer
import SheafSync

/// `sheaf serve`: replicas and other programs reach the library over HTTP.
struct ServeCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve the library to replicas and other programs over HTTP.",
    discussion: Help.text(
      """
      Prints the address once it listens, then one structured log line a request on the standard \
      error, until it is interrupted. It answers the library's members, who show who they are by \
      their keys, and everybody where the settings say "access": "public" or the library has no members. \
      On a network that is not your own, give a certificate. `sheaf clone` and `sheaf sync` take the address as it is \
      printed; a browser or program that may read gets what there is at /documents, as JSON, and a document at \
      /documents/PATH.
      """,
      examples: [
        "sheaf serve", "sheaf serve --host 0.0.0.0 --tls-certificate cert.pem --tls-key key.pem",
      ]))

  @Option(help: "The address to listen on.")
  var host = "127.0.0.1"

  @Option(help: "The port to listen on; 0 for any free one.")
  var port = 8428

  @Option(
    name: .customLong("name"),
    help: ArgumentHelp(
      "A name by which members address the server; what they signed for others is refused.",
      valueName: "host[:port]"))
  var names: [String] = []

  @Option(help: ArgumentHelp("The server's certificate chain, PEM.", valueName: "file"), completion: .file())
  var tlsCertificate: String?

  @Option(help: ArgumentHelp("The certificate's private key, PEM.", valueName: "file"), completion: .file())
  var tlsKey: String?

  @Flag(help: "Take drafts from everybody, in a library without members.")
  var draftsFromEverybody = false

  @Flag(help: "Show /metrics to everybody, for a monitor that is no member.")
  var metricsForEverybody = false

  @Flag(help: "Log warnings only.")
  var quiet = false

  @OptionGroup var library: LibraryOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (0...65_535).contains(port) else { throw ValidationError("The port must lie between 0 and 65535.") }
    guard (tlsCertificate == nil) == (tlsKey == nil) else {
      throw ValidationError("Give --tls-certificate and --tls-key together.")
    }
  }

  func perform(in session: Session) async throws -> Outcome {
    try await library.open(in: session) { library in
      guard library.isPublisher else { throw WrongCopyError.serveOnReplica }
      // Asked for now and not when the first draft comes.
      try await library.unlock()
      try await serve(library, session)
      return .done
    }
  }

  private func serve(_ library: Library, _ session: Session) async throws {
    var tls: TLSFiles?
    if let tlsCertificate, let tlsKey {
      tls = TLSFiles(certificateChain: session.url(tlsCertificate), privateKey: session.url(tlsKey))
    }
    var configuration = ServerConfiguration(
      host: host, port: port,
      access: AccessRules(
        takesDraftsFromEverybody: draftsFromEverybody, showsMetricsToEverybody: metricsForEverybody),
      tls: tls)
    configuration.names = names
    var logger = Logger(label: "sheaf") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = quiet ? .warning : .info
    let console = session.console
    let name = host.contains(":") ? "[\(host)]" : host
    let isJSON = output.json
    let scheme = tls == nil ? "http" : "https"
    let server = SheafServer(service: library, configuration: configuration, logger: logger) { port in
      let address = "\(scheme)://\(name):\(port)"
      // A line of its own that a script can wait for.
      if isJSON {
        try? console.printJSON(ServedAddress(address: address))
      } else {
        console.print(address)
      }
    }
    if draftsFromEverybody, try await library.standing(of: nil).isClosed {
      console.warn(
        "--drafts-from-everybody is for libraries without members; drafts are taken from members only")
    }
    Interruption.leaveToServer()
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [.init(service: server)], gracefulShutdownSignals: [.sigint, .sigterm], logger: logger))
    try await group.run()
  }
}

/// Where a server listens, for `serve --json`.
struct ServedAddress: Codable, Hashable {
  /// The address to give to replicas.
  var address: String
}
