import ArgumentParser
import Foundation
import SheafHTTP
import SheafSync

/// How a remote is reached.
struct RemoteOptions: ParsableArguments {
  @Option(
    name: .customLong("trust"),
    help: ArgumentHelp("A PEM file of certificates to trust beside the system's.", valueName: "file"),
    completion: .file())
  var certificates: String?

  @Option(
    help: ArgumentHelp(
      "Send and receive no more than so many bytes a second in all; k and M stand for thousands and millions.",
      valueName: "rate"),
    transform: Arguments.rate)
  var limitRate: UInt64?

  @Option(help: ArgumentHelp("Give up when nothing moves for so many seconds.", valueName: "seconds"))
  var timeout: Int?

  func validate() throws {
    if let timeout, !(1...86_400).contains(timeout) {
      throw ValidationError("--timeout takes a number of seconds from 1 to 86400.")
    }
  }

  /// Works with the remote at an address, and closes its connections afterwards.
  func connect<Value>(
    to address: RemoteAddress, in session: Session, _ work: (any Remote) async throws -> Value
  ) async throws -> Value {
    switch address {
    case .folder(let folder):
      guard limitRate == nil, timeout == nil else {
        throw UsageError("--limit-rate and --timeout are for servers, and \(folder.path) is a folder")
      }
      return try await work(FolderRemote(folder: folder))
    case .bundle(let file): throw AddressError.bundle(file.path)
    case .http(let text):
      var configuration = HTTPRemoteConfiguration()
      configuration.extraCertificates = certificates.map(session.url)
      configuration.bytesPerSecond = limitRate
      if let timeout { configuration.setPatience(.seconds(timeout)) }
      let remote = try HTTPRemote(address: text, configuration: configuration)
      defer { warn(of: remote.clockIsBehind, of: address, on: session.console) }
      let result: Value
      do { result = try await work(remote) } catch {
        try? await remote.shutdown()
        throw error
      }
      try? await remote.shutdown()
      return result
    }
  }

  /// Says that a clock is off; nothing depends on it but what this computer shows.
  private func warn(of clockIsBehind: Duration?, of address: RemoteAddress, on console: Console) {
    guard let seconds = clockIsBehind?.components.seconds, seconds != 0 else { return }
    let way = seconds > 0 ? "behind" : "ahead of"
    console.warn(
      "this computer's clock is \(Elapsed(.seconds(abs(seconds)))) \(way) that of \(address.short)")
  }
}
