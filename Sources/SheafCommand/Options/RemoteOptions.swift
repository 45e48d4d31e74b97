import ArgumentParser
import Foundation
import SheafHTTP
import SheafSync

/// How a remote is reached.
struct RemoteOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A file with the access token; else SHEAF_TOKEN, else the one that the library remembers.",
      valueName: "file"),
    completion: .file())
  var tokenFile: String?

  @Option(
    name: .customLong("trust"),
    help: ArgumentHelp("A PEM file of certificates to trust beside the system's.", valueName: "file"),
    completion: .file())
  var certificates: String?

  @Flag(help: "Send the token over http:// to another machine, where others on the line can read it.")
  var tokenInTheClear = false

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

  /// The token that was given with this call; `nil` for none.
  func token(in session: Session) throws -> String? {
    if let tokenFile {
      guard let text = try SecretFile.read(session.url(tokenFile)) else {
        throw SecretError(file: tokenFile, detail: "there is no such file")
      }
      return text.trimmingWhiteSpace
    }
    return session.environment["SHEAF_TOKEN"].map(\.trimmingWhiteSpace).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Works with the remote at an address, and closes its connections afterwards.
  func connect<Value>(
    to address: RemoteAddress, token: String?, in session: Session, _ work: (any Remote) async throws -> Value
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
      configuration.allowsTokenInTheClear = tokenInTheClear
      configuration.bytesPerSecond = limitRate
      if let timeout { configuration.setPatience(.seconds(timeout)) }
      let remote = try HTTPRemote(address: text, token: token, configuration: configuration)
      let result: Value
      do { result = try await work(remote) } catch {
        try? await remote.shutdown()
        throw error
      }
      try? await remote.shutdown()
      return result
    }
  }
}
