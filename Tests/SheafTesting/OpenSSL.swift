import Foundation
import SheafModel

/// OpenSSL, asked about Ed25519 signatures.
public enum OpenSSL {
  /// A signature to be judged.
  public struct Case: Sendable {
    /// 32 bytes of a public key.
    public var key: [UInt8]
    public var message: [UInt8]
    public var signature: [UInt8]

    public init(key: [UInt8], message: [UInt8], signature: [UInt8]) {
      self.key = key
      self.message = message
      self.signature = signature
    }
  }

  private static let command = "/usr/bin/openssl"
  private static let python = "/usr/bin/python3"

  /// Whether the command and what calls the library are installed.
  public static let isThere = [command, python].allSatisfy(FileManager.default.isExecutableFile(atPath:))

  /// Whether each signature holds, all asked of OpenSSL's library in one process.
  public static func judge(_ cases: [Case]) throws -> [Bool] {
    let folder = try TestFolder()
    let lines = cases.map {
      [$0.key, $0.message, $0.signature].map(Hexadecimal.encode).joined(separator: "\t") + "\n"
    }
    try folder.write(lines.joined(), to: "cases")
    let program = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "Foreign/verify_ed25519.py")
    let output = try run(python, [program.path, folder.appending("cases").path]).output
    let answers = output.split(separator: "\n")
    guard answers.count == cases.count, answers.allSatisfy({ $0 == "ok" || $0 == "no" }) else {
      throw ForeignVerifier.Failure(output: output)
    }
    return answers.map { $0 == "ok" }
  }

  /// Whether one signature holds, by the command that an inspector types.
  public static func judgeByCommand(_ asked: Case) throws -> Bool {
    let folder = try TestFolder()
    let header: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]
    try folder.write(header + asked.key, to: "key")
    try folder.write(asked.message, to: "message")
    try folder.write(asked.signature, to: "signature")
    return try run(
      command,
      [
        "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", folder.appending("key").path, "-rawin",
        "-in", folder.appending("message").path, "-sigfile", folder.appending("signature").path,
      ]
    ).code == 0
  }

  private static func run(_ file: String, _ arguments: [String]) throws -> (output: String, code: Int32) {
    let process = Process()
    process.executableURL = URL(filePath: file)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (output, process.terminationStatus)
  }
}
